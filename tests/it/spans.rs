//! The spans of each kind of call: nesting, levels, names, and outcomes.

use std::time::Duration;

use rolecall::testing::{Fault, TwilioIamFake};
use rolecall::twilio::iam::{NewRoleAssignment, RoleAssignments, TwilioIam};
use rolecall::{BoxFuture, ClientOptions, RetryPolicy};

use crate::support::log::{Log, Span};

const ROLE: &str = "IX00000000000000000000000000000104";
const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const USERS: [&str; 2] =
    ["USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "USbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"];

fn new(user: usize) -> NewRoleAssignment {
    NewRoleAssignment::new(ROLE, ACCOUNT, USERS[user]).expect("they are SIDs")
}

/// A line for each span: level, name, and the fields that say how it ended.
fn tree(spans: &[Span]) -> Vec<String> {
    fn add(spans: &[Span], parent: Option<usize>, depth: usize, lines: &mut Vec<String>) {
        for (place, span) in spans.iter().enumerate() {
            if span.parent != parent || !span.name.starts_with("rolecall.") {
                continue;
            }
            let fields = [
                "otel.name",
                "http.response.status_code",
                "http.request.resend_count",
                "error.type",
                "rolecall.effect",
                "otel.status_code",
            ];
            let kind = span.name.trim_start_matches("rolecall.");
            let mut line = format!("{}{} {kind}", "  ".repeat(depth), span.level);
            for value in fields.iter().filter_map(|name| span.field(name)) {
                line.push(' ');
                line.push_str(value);
            }
            lines.push(line);
            add(spans, Some(place), depth + 1, lines);
        }
    }
    let mut lines = Vec::new();
    add(spans, None, 0, &mut lines);
    lines
}

type Run = fn(RoleAssignments) -> BoxFuture<'static, ()>;

/// A kind of call, the faults before it, and the resulting spans.
struct Case {
    /// The client has no token.
    is_cold: bool,
    faults: Vec<(&'static str, Fault)>,
    run: Run,
    spans: &'static [&'static str],
}

const CREATE: &str = "POST /Organizations/{OrganizationSid}/RoleAssignments";

fn cases() -> Vec<Case> {
    let create: Run =
        |assignments| Box::pin(async move { drop(assignments.create(&new(0)).await) });
    vec![
        Case {
            is_cold: true,
            faults: vec![],
            run: create,
            spans: &[
                "INFO call twilio.iam role-assignments.create 201",
                "  INFO call twilio.iam token.create 200",
                "    DEBUG attempt POST /v2/token 200",
                "  DEBUG attempt {create} 201",
            ],
        },
        Case {
            is_cold: true,
            faults: vec![("/v2/token", Fault::status(401))],
            run: create,
            spans: &[
                "INFO call twilio.iam role-assignments.create unauthenticated not_applied ERROR",
                "  INFO call twilio.iam token.create 401 unauthenticated not_applied ERROR",
                "    DEBUG attempt POST /v2/token 401 unauthenticated not_applied ERROR",
            ],
        },
        // The call's status is that of its last attempt, not the token endpoint's.
        Case {
            is_cold: false,
            faults: vec![("/Organizations", Fault::status(401)), ("/v2/token", Fault::status(400))],
            run: create,
            spans: &[
                "INFO call twilio.iam role-assignments.create 401 unauthenticated not_applied ERROR",
                "  DEBUG attempt {create} 401 unauthenticated not_applied ERROR",
                "  INFO call twilio.iam token.create 400 invalid_request not_applied ERROR",
                "    DEBUG attempt POST /v2/token 400 invalid_request not_applied ERROR",
            ],
        },
        Case {
            is_cold: false,
            faults: vec![("/Organizations", Fault::status(429))],
            run: create,
            spans: &[
                "INFO call twilio.iam role-assignments.create 201 1",
                "  DEBUG attempt {create} 429 rate_limited not_applied ERROR",
                "  DEBUG attempt {create} 201 1",
            ],
        },
        Case {
            is_cold: false,
            faults: vec![("/Organizations", Fault::status(403))],
            run: create,
            spans: &[
                "INFO call twilio.iam role-assignments.create 403 permission_denied not_applied ERROR",
                "  DEBUG attempt {create} 403 permission_denied not_applied ERROR",
            ],
        },
        Case {
            is_cold: false,
            faults: vec![("/Organizations", Fault::status(500))],
            run: create,
            spans: &[
                "INFO call twilio.iam role-assignments.create 500 server unknown ERROR",
                "  DEBUG attempt {create} 500 server unknown ERROR",
            ],
        },
        // A request that is refused unsent has none.
        Case {
            is_cold: false,
            faults: vec![],
            run: |assignments| Box::pin(async move { drop(assignments.delete("IY1").await) }),
            spans: &[],
        },
        Case {
            is_cold: false,
            faults: vec![],
            run: |assignments| {
                Box::pin(async move {
                    for user in [0, 1] {
                        assignments.create(&new(user)).await.expect("nothing is wrong");
                    }
                    let items = assignments.list().scope(ACCOUNT).page_size(1).items();
                    assert_eq!(items.try_collect().await.expect("nothing is wrong").len(), 2);
                })
            },
            spans: &[
                "INFO call twilio.iam role-assignments.create 201",
                "  DEBUG attempt {create} 201",
                "INFO call twilio.iam role-assignments.create 201",
                "  DEBUG attempt {create} 201",
                "INFO call twilio.iam role-assignments.list 200",
                "  DEBUG attempt {list} 200",
                "INFO call twilio.iam role-assignments.list 200",
                "  DEBUG attempt {list} 200",
            ],
        },
        Case {
            is_cold: true,
            faults: vec![],
            run: |assignments| {
                Box::pin(async move {
                    assignments.ensure(&new(0)).await.expect("nothing is wrong");
                })
            },
            spans: &[
                "INFO call twilio.iam role-assignments.ensure",
                "  INFO call twilio.iam role-assignments.list 200",
                "    INFO call twilio.iam token.create 200",
                "      DEBUG attempt POST /v2/token 200",
                "    DEBUG attempt {list} 200",
                "  INFO call twilio.iam role-assignments.create 201",
                "    DEBUG attempt {create} 201",
            ],
        },
        Case {
            is_cold: false,
            faults: vec![("/Organizations", Fault::status(403))],
            run: |assignments| Box::pin(async move { drop(assignments.ensure(&new(0)).await) }),
            spans: &[
                "INFO call twilio.iam role-assignments.ensure permission_denied not_applied ERROR",
                "  INFO call twilio.iam role-assignments.list 403 permission_denied not_applied ERROR",
                "    DEBUG attempt {list} 403 permission_denied not_applied ERROR",
            ],
        },
    ]
}

#[tokio::test]
async fn each_kind_of_call_has_its_spans() {
    for Case { is_cold, faults, run, spans } in cases() {
        let fake = TwilioIamFake::start().await.expect("a free port");
        let policy = RetryPolicy::default().base_wait(Duration::ZERO);
        let options = ClientOptions::default().retry(policy);
        let client = fake.builder().options(options).build().expect("it is set up well");
        if !is_cold {
            warm(&client).await;
        }
        for (path, fault) in faults {
            fake.next_on(path, 1, fault);
        }
        let (log, guard) = Log::listen();
        run(client.organization(TwilioIamFake::ORGANIZATION).role_assignments()).await;
        drop(guard);
        let expected: Vec<_> = spans
            .iter()
            .map(|line| {
                line.replace("{create}", CREATE).replace("{list}", &CREATE.replace("POST", "GET"))
            })
            .collect();
        assert_eq!(tree(&log.spans()), expected);
    }
}

/// Gets a token.
async fn warm(client: &TwilioIam) {
    let accounts = client.organization(TwilioIamFake::ORGANIZATION).accounts();
    accounts.list().items().try_collect().await.expect("nothing is wrong");
}

#[tokio::test]
async fn refresh_ahead_of_time_is_part_of_no_call() {
    let fake = TwilioIamFake::start().await.expect("a free port");
    let client = fake.client().expect("it is set up well");
    warm(&client).await;
    // Of the token's hour.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3400)).await;
    tokio::time::resume();
    let (log, guard) = Log::listen();
    warm(&client).await;
    while log
        .spans()
        .iter()
        .filter(|span| span.field("http.response.status_code").is_some())
        .count()
        < 4
    {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(guard);
    assert_eq!(fake.tokens_given(), 2);
    let mut lines = tree(&log.spans());
    lines.retain(|line| !line.starts_with(' '));
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["INFO call twilio.iam accounts.list 200", "INFO call twilio.iam token.create 200"]
    );
}
