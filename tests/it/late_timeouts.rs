//! An attempt that times out at the moment at which its request is sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rolecall::deepset::{NewRole, Roles};
use rolecall::testing::DeepsetFake;
use rolecall::{ClientOptions, Deepset, Effect, Error, RetryPolicy};

use crate::support::raw::{Raw, Reply};

/// How often a role of each name was asked for.
type Arrivals = Arc<Mutex<HashMap<String, u32>>>;

fn roles(origin: &str, attempt_timeout: Duration) -> Roles {
    let policy = RetryPolicy::default().base_wait(Duration::ZERO).budget(1_000_000);
    let options = ClientOptions::default().retry(policy).attempt_timeout(attempt_timeout);
    let builder = Deepset::builder("obviously-fake").base_url(origin).options(options);
    builder.build().expect("it is set up well").organization(DeepsetFake::ORGANIZATION).roles()
}

async fn create(roles: Roles, name: String) -> (String, Result<(), Error>) {
    let result = roles.create(&NewRole::new(name.as_str(), "", [])).await;
    (name, result.map(drop))
}

async fn serve(arrivals: Arrivals) -> Raw {
    Raw::start(move |request| {
        let body = request.windows(4).position(|four| four == b"\r\n\r\n").expect("it has a head");
        let body: serde_json::Value =
            serde_json::from_slice(&request[body + 4..]).expect("it is JSON");
        let name = body["role_name"].as_str().expect("it has a name").to_owned();
        *arrivals.lock().expect("no panic").entry(name).or_default() += 1;
        Reply::http(201, &[], br#"{"role_id":"a"}"#)
    })
    .await
}

/// Hundreds of creates at once, with so short a limit that many attempts end while the connection's
/// own task is about to send them. How short that is depends on the machine, so the limit is
/// adapted until enough have ended in either way.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn timed_out_attempt_is_never_sent() {
    const ENOUGH: u32 = 1_000;
    let arrivals = Arrivals::default();
    // A runtime of its own, so that the service is not slowed down by those it serves.
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let raw = runtime.spawn(serve(Arc::clone(&arrivals))).await.expect("it listens");
    let (mut arrived, mut unsent) = (0, 0);
    let mut limit = Duration::from_millis(10);
    let mut round = 0;
    while arrived < ENOUGH || unsent < ENOUGH {
        round += 1;
        let roles_of_round = roles(&raw.origin(), limit);
        let tasks: Vec<_> = (0..300)
            .map(|number| tokio::spawn(create(roles_of_round.clone(), format!("{round}-{number}"))))
            .collect();
        drop(roles_of_round);
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.expect("no panic"));
        }
        // What was sent is on connections that were made before this one, and ends with them.
        let (_, last) = create(roles(&raw.origin(), Duration::from_secs(60)), "last".into()).await;
        last.expect("nothing is wrong with it");
        while raw.open() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let arrivals = std::mem::take(&mut *arrivals.lock().expect("no panic"));
        let (mut arrived_now, mut unsent_now) = (0, 0);
        for (name, result) in results {
            let times = arrivals.get(&name).copied().unwrap_or(0);
            assert!(times <= 1, "sent {times} times: {result:?}");
            arrived_now += times;
            if let Err(error) = &result
                && error.effect() == Effect::NotApplied
            {
                unsent_now += 1;
                assert_eq!(times, 0, "it arrived after all: {error}");
            }
        }
        limit = if arrived_now > unsent_now { limit * 2 / 3 } else { limit * 3 / 2 };
        arrived += arrived_now;
        unsent += unsent_now;
        println!("{round}: {arrived_now} arrived, {unsent_now} were not sent, in {limit:?}");
    }
    runtime.shutdown_background();
}
