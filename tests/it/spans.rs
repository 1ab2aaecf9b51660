//! Spans: the fields of every endpoint's, and of each kind of call the nesting and the outcomes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rolecall::{ClientOptions, RetryPolicy};

use crate::registry::each_operation;
use crate::support::log::Log;
use crate::support::raw::{Raw, Reply};

const TRACING: &str = include_str!("../../docs/tracing.md");

fn eager() -> ClientOptions {
    ClientOptions::default().retry(RetryPolicy::default().base_wait(Duration::ZERO))
}

/// The first attempt is refused for a rate limit, and then the call succeeds or is denied.
#[tokio::test]
async fn spans_of_every_endpoint_have_the_documented_fields() {
    for endpoint in each_operation() {
        let success = endpoint.success()[0];
        for (status, body) in [(success, endpoint.response.clone()), (403, String::new())] {
            let first = AtomicBool::new(true);
            let raw = Raw::start(move |_| match first.swap(false, Ordering::Relaxed) {
                true => Reply::http(429, &[], b""),
                false => Reply::http(status, &[], body.as_bytes()),
            })
            .await;
            let call = endpoint.caller(&raw.origin(), eager());
            let (log, guard) = Log::listen();
            let _ = call().await;
            drop(guard);

            let spans = log.spans();
            let place = spans.iter().position(|span| {
                span.name == "rolecall.call"
                    && span.field("rolecall.operation") == Some(endpoint.name())
            });
            let call = &spans[place.unwrap_or_else(|| panic!("{endpoint}: no span"))];
            let attempts =
                spans.iter().filter(|span| span.parent == place && span.name == "rolecall.attempt");
            let all: Vec<_> = std::iter::once(call).chain(attempts).collect();
            let denied = (status == 403).then_some(("permission_denied", "not_applied"));
            let limited = Some(("rate_limited", "not_applied"));
            let template = call.field("url.template").expect("it has one");
            let template_fits = match endpoint.before {
                Some(path) => path == template,
                None => endpoint.spec.paths().contains(&template),
            };
            assert!(template_fits, "{endpoint}: {template}");
            let method = endpoint.spec.method().as_str();
            let (status, exchange) = (status.to_string(), format!("{method} {template}"));
            let expected = [
                ("rolecall.call", "INFO", endpoint.name(), &*status, denied, Some("1")),
                ("rolecall.attempt", "DEBUG", &*exchange, "429", limited, None),
                ("rolecall.attempt", "DEBUG", &*exchange, &*status, denied, Some("1")),
            ];
            assert_eq!(all.len(), expected.len(), "{endpoint}: {all:?}");
            for (span, expected) in all.iter().zip(expected) {
                let (name, level, exported, status, error, resends) = expected;
                assert_eq!((span.name, span.level), (name, level), "{endpoint}");
                let kind = (name == "rolecall.attempt").then_some("client");
                for (field, value) in [
                    ("otel.name", Some(exported)),
                    ("otel.kind", kind),
                    ("otel.status_code", error.map(|_| "ERROR")),
                    ("rolecall.effect", error.map(|(_, effect)| effect)),
                    ("error.type", error.map(|(kind, _)| kind)),
                    ("http.request.method", Some(method)),
                    ("url.template", Some(template)),
                    ("server.address", Some("127.0.0.1")),
                    ("server.port", raw.origin().rsplit(':').next()),
                    ("http.response.status_code", Some(status)),
                    ("http.request.resend_count", resends),
                ] {
                    assert_eq!(span.field(field), value, "{endpoint}: {field} of {span:?}");
                }
                let is_documented = |name: &&str| TRACING.contains(&format!("\n| `{name}` | "));
                assert_eq!(span.fields().find(|name| !is_documented(name)), None, "{endpoint}");
            }
        }
    }
}

#[cfg(feature = "twilio")]
mod kinds {
    use super::*;
    use crate::support::log::Span;
    use rolecall::testing::{Fault, TwilioIamFake};
    use rolecall::twilio::iam::{NewRoleAssignment, RoleAssignments, TwilioIam};

    const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn new(user: usize) -> NewRoleAssignment {
        let role = "IX00000000000000000000000000000104";
        NewRoleAssignment::new(role, ACCOUNT, format!("US{user:032x}")).expect("they are SIDs")
    }

    /// The spans inside this one, each with what says how it ended and the spans inside it.
    fn tree(spans: &[Span], parent: Option<usize>) -> String {
        let inside = spans
            .iter()
            .enumerate()
            .filter(|(_, span)| span.parent == parent && span.name.starts_with("rolecall."));
        let texts = inside.map(|(place, span)| {
            let name = span.field("otel.name").expect("it has one");
            let name = match span.name {
                "rolecall.call" => name.strip_prefix("twilio.iam ").expect("it is Twilio's"),
                _ => name.split(' ').next().unwrap_or_default(),
            };
            let fields = ["http.response.status_code", "http.request.resend_count", "error.type"];
            let fields = [&fields[..], &["rolecall.effect"]].concat();
            let ended = fields.iter().filter_map(|field| span.field(field));
            let text = [name].into_iter().chain(ended).collect::<Vec<_>>().join(" ");
            match tree(spans, Some(place)) {
                none if none.is_empty() => text,
                inside => format!("{text} [{inside}]"),
            }
        });
        texts.collect::<Vec<_>>().join(", ")
    }

    /// The spans of what is run on a new client, which may have a token, and meets these faults.
    async fn spans_of(
        has_token: bool,
        faults: impl IntoIterator<Item = (&str, Fault)>,
        run: impl AsyncFnOnce(RoleAssignments),
    ) -> String {
        let fake = TwilioIamFake::start().await.expect("a free port");
        let client = fake.builder().options(eager()).build().expect("it is set up well");
        if has_token {
            list_accounts(&client).await;
        }
        for (path, fault) in faults {
            fake.next_on(path, 1, fault);
        }
        let (log, guard) = Log::listen();
        run(client.organization(TwilioIamFake::ORGANIZATION).role_assignments()).await;
        drop(guard);
        let tree = tree(&log.spans(), None).replace("role-assignments.", "");
        tree.replace("token.create", "token")
    }

    #[tokio::test]
    async fn each_kind_of_call_has_its_spans() {
        let create = async |all: RoleAssignments| drop(all.create(&new(0)).await);
        for (fault, expected) in [
            (Fault::status(429), "create 201 1 [POST 429 rate_limited not_applied, POST 201 1]"),
            (
                Fault::status(403),
                "create 403 permission_denied not_applied [POST 403 permission_denied not_applied]",
            ),
            (Fault::status(500), "create 500 server unknown [POST 500 server unknown]"),
            // The attempt did what an attempt is for; the call could not use it.
            (Fault::html(201), "create 201 decode unknown [POST 201]"),
            (Fault::truncated(), "create 201 interrupted unknown [POST 201 interrupted unknown]"),
            (Fault::reset(), "create interrupted unknown [POST interrupted unknown]"),
        ] {
            let spans = spans_of(true, Some(("/Organizations", fault)), create).await;
            assert_eq!(spans, expected);
        }
        let spans = spans_of(false, None, create).await;
        assert_eq!(spans, "create 201 [token 200 [POST 200], POST 201]");
        let refused = Some(("/v2/token", Fault::status(401)));
        assert_eq!(
            spans_of(false, refused, create).await,
            "create unauthenticated not_applied [token 401 unauthenticated not_applied \
             [POST 401 unauthenticated not_applied]]"
        );
        // The call's status is that of its last attempt, not the token endpoint's.
        let refused = [("/Organizations", Fault::status(401)), ("/v2/token", Fault::status(400))];
        assert_eq!(
            spans_of(true, refused, create).await,
            "create 401 unauthenticated not_applied [POST 401 unauthenticated not_applied, \
             token 400 invalid_request not_applied [POST 400 invalid_request not_applied]]"
        );
        let unsent = async |all: RoleAssignments| drop(all.delete("IY1").await);
        assert_eq!(spans_of(true, None, unsent).await, "");

        let ensure = async |all: RoleAssignments| drop(all.ensure(&new(0)).await);
        let spans = spans_of(false, None, ensure).await;
        let listed = "list 200 [token 200 [POST 200], GET 200]";
        assert_eq!(spans, format!("ensure [{listed}, create 201 [POST 201]]"));
        let denied = Some(("/Organizations", Fault::status(403)));
        assert_eq!(
            spans_of(true, denied, ensure).await,
            "ensure permission_denied not_applied [list 403 permission_denied not_applied \
             [GET 403 permission_denied not_applied]]"
        );
        let two_pages = async |all: RoleAssignments| {
            all.create(&new(0)).await.expect("nothing is wrong");
            all.create(&new(1)).await.expect("nothing is wrong");
            let items = all.list().scope(ACCOUNT).page_size(1).items();
            assert_eq!(items.try_collect().await.expect("nothing is wrong").len(), 2);
        };
        let (create, list) = ("create 201 [POST 201]", "list 200 [GET 200]");
        let spans = spans_of(true, None, two_pages).await;
        assert_eq!(spans, [create, create, list, list].join(", "));
    }

    async fn list_accounts(client: &TwilioIam) {
        let accounts = client.organization(TwilioIamFake::ORGANIZATION).accounts();
        accounts.list().items().try_collect().await.expect("nothing is wrong");
    }

    #[tokio::test]
    async fn refresh_ahead_of_time_is_part_of_no_call() {
        let fake = TwilioIamFake::start().await.expect("a free port");
        let client = fake.client().expect("it is set up well");
        list_accounts(&client).await;
        // Of the token's hour.
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(3400)).await;
        tokio::time::resume();
        let (log, guard) = Log::listen();
        list_accounts(&client).await;
        let has_status = |span: &&Span| span.field("http.response.status_code").is_some();
        while log.spans().iter().filter(has_status).count() < 4 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(guard);
        assert_eq!(fake.tokens_given(), 2);
        let tree = tree(&log.spans(), None);
        let (list, token) = ("accounts.list 200 [GET 200]", "token.create 200 [POST 200]");
        let either = [format!("{list}, {token}"), format!("{token}, {list}")];
        assert!(either.contains(&tree), "{tree}");
    }
}
