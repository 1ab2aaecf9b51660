//! Interceptors: the program's own code before and after each attempt.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::wire::BoxFuture;
use crate::declare::getters;
use crate::error::{Effect, Error, ErrorKind};

/// Runs before and after each attempt of a client: every retry, every page of a list, every request
/// of an `ensure`, and every token request.
///
/// It may wait (e.g. for a rate limit that several clients share), add headers (a gateway's key,
/// `traceparent`) and observe the outcome (metrics). It never sees a credential, a query or a body.
///
/// ```
/// use rolecall::{Attempt, AttemptReport, BoxFuture, ClientOptions, Error, Interceptor};
///
/// struct Metrics;
///
/// impl Interceptor for Metrics {
///     fn before_attempt<'a>(&'a self, attempt: &'a mut Attempt) -> BoxFuture<'a, Result<(), Error>> {
///         Box::pin(async move { attempt.insert_header("x-team", "access-review") })
///     }
///
///     fn after_attempt<'a>(&'a self, attempt: &'a Attempt, report: &'a AttemptReport) -> BoxFuture<'a, ()> {
///         Box::pin(async move {
///             println!("{} {:?} after {:?}", attempt.operation(), report.status, report.duration);
///         })
///     }
/// }
///
/// let options = ClientOptions::default().interceptor(Metrics);
/// # let _ = options;
/// ```
pub trait Interceptor: Send + Sync + 'static {
    /// Runs before an attempt. The call's time limit covers it.
    ///
    /// # Errors
    /// An error ends the call with it; the attempt is not made.
    fn before_attempt<'a>(&'a self, attempt: &'a mut Attempt) -> BoxFuture<'a, Result<(), Error>> {
        let _ = attempt;
        Box::pin(std::future::ready(Ok(())))
    }

    /// Runs after an attempt, before the client decides about the next one. The call's time limit covers
    /// it.
    ///
    /// It runs once for each [`before_attempt`](Self::before_attempt) of this interceptor that
    /// returned `Ok`, even if a later interceptor ended the call before the attempt was made. It does
    /// not run if the call is dropped, so it is no place to release what `before_attempt` acquired.
    fn after_attempt<'a>(
        &'a self,
        attempt: &'a Attempt,
        report: &'a AttemptReport,
    ) -> BoxFuture<'a, ()> {
        let _ = (attempt, report);
        Box::pin(std::future::ready(()))
    }
}

/// An attempt, as an [`Interceptor`] sees it.
pub struct Attempt {
    pub(super) operation: &'static str,
    pub(super) method: Method,
    pub(super) template: &'static str,
    pub(super) origin: String,
    pub(super) number: u32,
    pub(super) headers: HeaderMap,
}

impl Attempt {
    getters! {
        /// Returns the operation, e.g. `harness role-assignments.create`.
        copy operation: &'static str;

        /// Returns the HTTP method.
        borrow method: Method;

        /// Returns the path template, e.g. `/v1/orgs/{org}/roles`; empty for the base URL itself.
        copy template: &'static str;

        /// Returns the origin that the request goes to, e.g. `https://app.harness.io`.
        borrow origin: str;

        /// Returns the number of the attempt in its call, from 1.
        copy number: u32;
    }

    /// Adds a header to this attempt. If the service sends its value back, the value is masked.
    ///
    /// # Errors
    /// A configuration error for a header that the client sets itself, or one that cannot be sent.
    pub fn insert_header(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let (name, value) = own_header(name, value)?;
        self.headers.insert(name, value);
        Ok(())
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("template", &self.template)
            .field("origin", &self.origin)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// How an attempt ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AttemptReport {
    /// The HTTP status, where a response came.
    pub status: Option<StatusCode>,
    /// Why the attempt failed; `None` for a success status with a complete body.
    pub error: Option<ErrorKind>,
    /// The effect of this attempt alone; [`Effect::Unknown`] if only the body of a success confirms
    /// it.
    pub effect: Effect,
    /// How long it took, from connecting to the end of the response.
    pub duration: Duration,
}

/// Headers that the client sets itself. All that begin with `proxy-` are reserved too.
const RESERVED: [HeaderName; 16] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::EXPECT,
    header::HOST,
    header::IF_MATCH,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::USER_AGENT,
    header::RANGE,
];

const RESERVED_BY_VENDORS: [&str; 3] = ["x-api-key", "harness-account", "x-twilio-webhook-enabled"];

/// Checks one of the program's own headers.
///
/// # Errors
/// A configuration error that names the header and the rule.
pub(super) fn own_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let rule = |rule: &str| Error::configuration(format!("header {name:?}: {rule}"));
    let parsed = HeaderName::try_from(name).map_err(|_| rule("is not a header name"))?;
    let reserved = RESERVED.contains(&parsed)
        || RESERVED_BY_VENDORS.contains(&parsed.as_str())
        || parsed.as_str().starts_with("proxy-");
    if reserved {
        return Err(rule("is set by the client itself"));
    }
    // White space around a value is no part of it (RFC 9110, section 5.5), and is not sent back.
    let mut value = HeaderValue::from_str(value.trim_matches([' ', '\t']))
        .map_err(|_| rule("must not contain line breaks or control characters"))?;
    value.set_sensitive(true);
    Ok((parsed, value))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::ensure_tests::{Goal, Gone, over};
    use super::super::list_tests::{Numbers, page};
    use super::super::memory::{
        Act, IDEMPOTENT, Probe, TestCredentials, UNCONFIRMED, script, token_transport, transport,
    };
    use super::super::{ClientOptions, RetryPolicy};
    use super::*;

    /// Adds the number of all attempts so far as a header, and records how each ended.
    #[derive(Clone, Default)]
    struct Recorder(Arc<Mutex<Vec<String>>>);

    impl Interceptor for Recorder {
        fn before_attempt<'a>(
            &'a self,
            attempt: &'a mut Attempt,
        ) -> BoxFuture<'a, Result<(), Error>> {
            let count = self.0.lock().expect("no panic under it").len();
            Box::pin(async move { attempt.insert_header("x-count", &count.to_string()) })
        }

        fn after_attempt<'a>(
            &'a self,
            attempt: &'a Attempt,
            report: &'a AttemptReport,
        ) -> BoxFuture<'a, ()> {
            let Attempt { method, template, number, .. } = attempt;
            let status = report.status.map(|status| status.as_u16());
            let line = format!(
                "{method} {template} {number}: {status:?} {:?} {:?}",
                report.error, report.effect
            );
            self.0.lock().expect("no panic under it").push(line);
            Box::pin(std::future::ready(()))
        }
    }

    impl Recorder {
        fn take(&self) -> Vec<String> {
            std::mem::take(&mut self.0.lock().expect("no panic under it"))
        }
    }

    fn counts(most: usize) -> Vec<Option<String>> {
        (0..most).map(|count| Some(count.to_string())).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn interceptor_runs_around_every_attempt() {
        let recorder = Recorder::default();
        let options = ClientOptions::default().interceptor(recorder.clone());
        let ready = TestCredentials::ready;
        let (wire, sent) = script(vec![Act::ConnectFault, Act::respond(503, ""), Act::created()]);
        let call = transport(wire, ready(), &options, || 0.0).call(&Probe::<IDEMPOTENT>);
        call.await.expect("the third attempt succeeds");
        assert_eq!(sent.header("x-count"), counts(3));
        assert_eq!(
            recorder.take(),
            [
                "POST /probes/{id} 1: None Some(Connect) NotApplied",
                "POST /probes/{id} 2: Some(503) Some(Server) Unknown",
                "POST /probes/{id} 3: Some(201) None Applied",
            ]
        );

        let (wire, sent) = script(vec![page("1", Some("b")), page("2", None)]);
        let list = transport(wire, ready(), &options, || 0.0).list(Numbers::<false>::default());
        list.items().try_collect().await.expect("it is read");
        assert_eq!(sent.header("x-count"), counts(2));
        let expected = "GET /numbers 1: Some(200) None NotApplied";
        assert_eq!(recorder.take(), [expected, expected]);

        let acts = (vec![Act::respond(500, "")], vec![Act::respond(200, "[\"7\"]")]);
        let (transport, sent) = over(acts.0, acts.1, &options, 0.0);
        transport.ensure(Goal::<true>(transport.clone())).await.expect("it is there");
        assert_eq!((sent.header("x-count"), recorder.take().len()), (counts(2), 2));

        // A success status is no success where only the body confirms it.
        let (wire, _) = script(vec![Act::respond(201, r#"{"success":false}"#)]);
        let call = super::super::memory::transport(wire, ready(), &options, || 0.0)
            .call(&Probe::<UNCONFIRMED>);
        call.await.expect_err("the body reports a failure");
        assert_eq!(recorder.take(), ["POST /probes/{id} 1: Some(201) None Unknown"]);

        let options = options.header("x-own", "obviously-fake");
        let (wire, sent) = script(vec![Act::created()]);
        token_transport(wire, &options).call(&Probe::<IDEMPOTENT>).await.expect("it succeeds");
        assert_eq!((sent.header("x-count"), sent.header("x-own")), (counts(1), vec![None]));
    }

    /// Calls a function before each attempt.
    struct Before<F>(F);

    impl<F> Interceptor for Before<F>
    where
        F: Fn(&mut Attempt) -> Result<(), Error> + Send + Sync + 'static,
    {
        fn before_attempt<'a>(
            &'a self,
            attempt: &'a mut Attempt,
        ) -> BoxFuture<'a, Result<(), Error>> {
            Box::pin(async { (self.0)(attempt) })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn interceptor_error_ends_the_call_unsent() {
        let failing_from = |from, error: fn() -> Error| {
            let check = move |attempt: &mut Attempt| {
                if attempt.number() < from { Ok(()) } else { Err(error()) }
            };
            ClientOptions::default().interceptor(Before(check))
        };
        let plain = || Error::new(ErrorKind::RateLimited).with_detail("the quota is used up");
        // The error of another call: its response says nothing about this one.
        let other = || Error::new(ErrorKind::NotFound).with_status(StatusCode::NOT_FOUND);
        let reserved = || own_header("Host", "x").expect_err("it is reserved");
        for (error, kind, text) in [
            (plain as fn() -> Error, ErrorKind::RateLimited, "the quota is used up"),
            (reserved, ErrorKind::Configuration, "header \"Host\": is set by the client itself"),
            (other, ErrorKind::Rejected, "an interceptor failed"),
        ] {
            for (from, act, effect) in [
                (1, Act::created(), Effect::NotApplied),
                (2, Act::ConnectFault, Effect::NotApplied),
                (2, Act::Broken { sent: true }, Effect::Unknown),
            ] {
                let (wire, sent) = script(vec![act]);
                let options = failing_from(from, error);
                let transport = transport(wire, TestCredentials::ready(), &options, || 0.0);
                let error = transport.call(&Probe::<IDEMPOTENT>).await.expect_err("it fails");
                assert_eq!((error.kind(), error.effect()), (kind, effect), "{error}");
                assert_eq!((error.status(), error.operation()), (None, Some("test probes.send")));
                assert_eq!((error.attempts(), sent.count()), (from - 1, from as usize - 1));
                assert!(error.to_string().contains(text), "{error}");
            }
        }
        let options = failing_from(1, other);
        let (transport, sent) = over(vec![Act::created()], vec![Act::created()], &options, 0.0);
        let absent = transport.ensure_absent(Gone::<false>(transport.clone())).await;
        assert_eq!(absent.expect_err("nothing was asked").kind(), ErrorKind::Rejected);
        assert_eq!(sent.count(), 0);
    }

    /// An interceptor whose `before_attempt` was fine learns the end of the attempt, sent or not.
    #[tokio::test(start_paused = true)]
    async fn interceptors_before_a_failed_one_learn_the_end() {
        let (first, last) = (Recorder::default(), Recorder::default());
        let fails = Before(|attempt: &mut Attempt| match attempt.number() {
            1 => Ok(()),
            _ => Err(Error::new(ErrorKind::RateLimited)),
        });
        let options = ClientOptions::default().interceptor(first.clone());
        for (options, ended) in [
            (options.clone().interceptor(fails), "RateLimited"),
            (options.interceptor(Waiting { before: true }), "Timeout"),
        ] {
            let (wire, _) = script(vec![Act::ConnectFault]);
            let options = options.interceptor(last.clone());
            let transport = transport(wire, TestCredentials::ready(), &options, || 0.0);
            transport.call(&Probe::<IDEMPOTENT>).await.expect_err("an interceptor fails");
            let reported = first.take();
            let end = format!(": None Some({ended}) NotApplied");
            assert!(reported.last().expect("it ended").ends_with(&end), "{reported:?}");
            assert_eq!(reported.len(), last.take().len() + 1, "the last one did not run then");
        }
    }

    /// Waits before each attempt, or after it, for ever.
    struct Waiting {
        before: bool,
    }

    impl Interceptor for Waiting {
        fn before_attempt<'a>(&'a self, _: &'a mut Attempt) -> BoxFuture<'a, Result<(), Error>> {
            match self.before {
                true => Box::pin(std::future::pending()),
                false => Box::pin(std::future::ready(Ok(()))),
            }
        }

        fn after_attempt<'a>(&'a self, _: &'a Attempt, _: &'a AttemptReport) -> BoxFuture<'a, ()> {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_interceptor_is_cut_by_the_deadline() {
        for before in [true, false] {
            let options = ClientOptions::default().interceptor(Waiting { before });
            let (wire, sent) = script(vec![Act::created()]);
            let start = tokio::time::Instant::now();
            let transport = transport(wire, TestCredentials::ready(), &options, || 0.0);
            let call = transport.call(&Probe::<IDEMPOTENT>).timeout(Duration::from_secs(3)).send();
            let result = tokio::time::timeout(Duration::from_secs(60), call).await;
            let result = result.expect("it ends").map_err(|error| (error.kind(), error.effect()));
            let timeout = Err((ErrorKind::Timeout, Effect::NotApplied));
            assert_eq!(result, if before { timeout } else { Ok("7".to_owned()) });
            assert_eq!((start.elapsed().as_secs(), sent.count()), (3, usize::from(!before)));
        }
    }

    #[test]
    fn reserved_header_is_refused_by_name() {
        let proxy = HeaderName::from_static("proxy-authorization");
        let vendors = RESERVED_BY_VENDORS.map(HeaderName::from_static);
        for name in RESERVED.into_iter().chain(vendors).chain([proxy]) {
            let name = name.as_str().to_uppercase();
            let error = own_header(&name, "obviously-fake").expect_err("it is reserved");
            assert!(error.to_string().contains(&format!("{name:?}: is set by")), "{error}");
            let options = ClientOptions::default().header(&name, "obviously-fake");
            let error = options.own_headers().expect_err("it is reserved");
            assert!(error.is_configuration() && !error.to_string().contains("fake"), "{error}");
        }
        for (name, value) in [("", "x"), ("a b", "x"), ("x-ok", "obviously\nfake")] {
            let error = own_header(name, value).expect_err("it cannot be sent");
            assert!(!error.to_string().contains("fake"), "{error}");
        }
        let (_, value) = own_header("traceparent", "obviously-fake").expect("it can be sent");
        assert!(value.is_sensitive());
    }

    #[tokio::test(start_paused = true)]
    async fn sent_back_header_values_are_masked() {
        let secrets = ["obviously-fake-added", "offensichtlich-gefälscht", "obviously-fake-own"];
        let add = move |attempt: &mut Attempt| {
            attempt.insert_header("x-added", &format!("\t{} ", secrets[0]))?;
            attempt.insert_header("x-other", secrets[1])
        };
        let options = ClientOptions::default()
            .retry(RetryPolicy::none())
            .header("x-own", format!(" {} ", secrets[2]))
            .interceptor(Before(add));
        let quoted = format!("\"{}\"", secrets.join(" "));
        for act in [
            Act::respond(403, &format!(r#"{{"code":{quoted}}}"#)),
            Act::respond(403, &secrets.join(" ")),
            Act::respond(201, &quoted),
        ] {
            let act =
                act.header("x-reflected", secrets.join(",")).header("x-request-id", secrets[0]);
            let (wire, sent) = script(vec![act]);
            let transport = transport(wire, TestCredentials::ready(), &options, || 0.0);
            let error = transport.call(&Probe::<IDEMPOTENT>).await.expect_err("it fails");
            assert_eq!(sent.header("x-own"), [Some(secrets[2].to_owned())]);
            let shown = format!("{error} {error:?} {:?} {:?}", error.body(), error.headers());
            let body = String::from_utf8_lossy(error.body()).into_owned();
            for text in [shown, body, error.request_id().unwrap_or_default().to_owned()] {
                assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
            }
            assert!(error.body().windows(11).any(|part| part == b"*** *** ***"), "{error:?}");
        }
    }
}
