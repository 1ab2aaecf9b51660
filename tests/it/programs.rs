//! Code that users of the crate write: it compiles and behaves as expected.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use rolecall::access::{Assignment, ReadAssignments};
use rolecall::deepset::NewRole;
use rolecall::operation::{ListOperation, ListPage, Operation, Spec};
use rolecall::testing::{DeepsetFake, Fault};
use rolecall::{
    Attempt, AttemptReport, BoxFuture, Call, ClientOptions, Deepset, Ensured, Error, Interceptor,
    Items, Position,
};
use serde::Deserialize;
use serde_json::json;

fn new(name: &str) -> NewRole {
    NewRole::new(name, "", [])
}

async fn started() -> (DeepsetFake, rolecall::deepset::Roles) {
    let fake = DeepsetFake::start().await.expect("a free port");
    let client = fake.client().expect("the client is set up well");
    (fake, client.organization(DeepsetFake::ORGANIZATION).roles())
}

#[tokio::test]
async fn calls_are_spawned_joined_selected_and_buffered() {
    let (fake, roles) = started().await;
    let spawned = tokio::spawn(roles.create(&new("spawned")).send()).await;
    spawned.expect("it ends").expect("it succeeds");

    let (one, other) =
        tokio::join!(roles.create(&new("one")).send(), roles.ensure(&new("other")).send());
    one.expect("it succeeds");
    assert!(matches!(other.expect("it succeeds"), Ensured::Created(_)));

    tokio::select! {
        created = roles.create(&new("selected")).send() => drop(created.expect("it succeeds")),
        () = std::future::pending() => unreachable!("it never ends"),
    }

    let names = ["a", "b", "c", "d"];
    let calls = stream::iter(names.map(|name| roles.create(&new(name)).send()));
    let created: Vec<_> = calls.buffer_unordered(2).try_collect().await.expect("they succeed");
    assert_eq!(created.len(), 4);
    assert_eq!(fake.roles().len(), 8);
}

#[tokio::test]
async fn a_client_lives_in_a_shared_state() {
    struct State {
        deepset: Deepset,
        last: Mutex<Option<Position>>,
    }

    async fn handle(state: Arc<State>) -> Result<usize, Error> {
        let roles = state.deepset.organization(DeepsetFake::ORGANIZATION).roles();
        let last = state.last.lock().expect("no panic").clone();
        let mut items = roles.list().from(&last).items();
        let mut count = 0;
        while items.next().await.transpose()?.is_some() {
            count += 1;
        }
        *state.last.lock().expect("no panic") = Some(items.position().clone());
        Ok(count)
    }

    let (fake, roles) = started().await;
    roles.create(&new("a")).await.expect("it succeeds");
    let deepset = fake.client().expect("the client is set up well");
    let state = Arc::new(State { deepset, last: Mutex::default() });
    let first = tokio::spawn(handle(Arc::clone(&state))).await.expect("it ends");
    assert_eq!(first.expect("it is read"), 1);
    assert_eq!(handle(state).await.expect("it is read"), 0, "it resumes behind the last item");
}

/// A list that the crate does not have: numbers, three a page.
#[derive(Clone, Debug, Default)]
struct ListNumbers {
    page: u64,
    filter: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Numbers {
    numbers: Vec<u64>,
    total: u64,
}

impl Operation for ListNumbers {
    type Service = Deepset;
    type Output = Numbers;
    const SPEC: Spec = Spec::get("deepset numbers.list", &["/api/v1/numbers"]);

    fn query(&self) -> Vec<(&'static str, String)> {
        let filter = self.filter.clone().map(|filter| ("filter", filter));
        [("page", self.page.to_string())].into_iter().chain(filter).collect()
    }
}

impl ListOperation for ListNumbers {
    type Item = u64;

    fn seek(&mut self, cursor: &str) -> Result<(), Error> {
        self.page = cursor.parse().map_err(|_| Error::invalid("cursor", "must be a number"))?;
        Ok(())
    }

    fn page(&self, output: Numbers, _: &http::HeaderMap) -> ListPage<u64> {
        let offset = self.page * 3;
        let more = offset + (output.numbers.len() as u64) < output.total;
        let next = more.then(|| (self.page + 1).to_string());
        ListPage::new(output.numbers).next(next).total(Some(output.total)).offset(offset)
    }

    fn key(item: &u64) -> String {
        item.to_string()
    }
}

#[tokio::test]
async fn a_custom_list_has_positions_totals_and_cycle_checks() {
    let fake = DeepsetFake::start().await.expect("a free port");
    let client = fake.client().expect("the client is set up well");
    let respond = |numbers: &[u64], total: u64| {
        let page = json!({"numbers": numbers, "total": total}).to_string();
        fake.next_on("/api/v1/numbers", 1, Fault::json(200, page));
    };
    respond(&[1, 2, 3], 4);
    let mut items = client.list(ListNumbers::default()).items();
    assert_eq!(items.next().await.expect("an item").expect("it is read"), 1);
    let position: Position = items.position().to_string().parse().expect("it is a position");

    respond(&[1, 2, 3], 4);
    respond(&[4], 4);
    let rest = client.list(ListNumbers::default()).from(&position).items();
    assert_eq!(rest.try_collect().await.expect("it is read"), [2, 3, 4]);

    let other = ListNumbers { filter: Some("odd".to_owned()), page: 0 };
    let refused = client.list(other).from(&position).items().try_collect().await;
    let refused = refused.expect_err("it is of another list");
    assert!(refused.is_invalid_request() && refused.attempts() == 0, "{refused}");

    respond(&[1, 2, 3], 9);
    respond(&[1, 2, 3], 9);
    let repeated = client.list(ListNumbers::default()).items().try_collect().await;
    assert!(repeated.expect_err("the page is repeated").to_string().contains("does not advance"));
}

/// Lets one attempt begin at a time, and counts them.
#[derive(Default)]
struct Pace {
    turn: tokio::sync::Mutex<()>,
    begun: Mutex<Vec<&'static str>>,
    ended: AtomicU32,
}

struct Paced(Arc<Pace>);

impl Interceptor for Paced {
    fn before_attempt<'a>(&'a self, attempt: &'a mut Attempt) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let _turn = self.0.turn.lock().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            self.0.begun.lock().expect("no panic").push(attempt.operation());
            attempt.insert_header("x-paced", "yes")
        })
    }

    fn after_attempt<'a>(&'a self, _: &'a Attempt, report: &'a AttemptReport) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            assert!(report.status.is_some());
            self.0.ended.fetch_add(1, Ordering::SeqCst);
        })
    }
}

#[tokio::test]
async fn an_interceptor_paces_every_request_of_an_ensure() {
    let fake = DeepsetFake::start().await.expect("a free port");
    let pace = Arc::new(Pace::default());
    let options = ClientOptions::default().interceptor(Paced(Arc::clone(&pace)));
    let client = fake.builder().options(options).build().expect("the client is set up well");
    let roles = client.organization(DeepsetFake::ORGANIZATION).roles();
    for name in ["a", "b", "c"] {
        roles.create(&new(name)).await.expect("it succeeds");
    }
    let there = roles.ensure(&new("a")).await.expect("it is there");
    assert!(matches!(there, Ensured::AlreadyExisted(_)));
    let (create, list) = ("deepset roles.create", "deepset roles.list");
    // The last create is refused.
    let expected = [create, create, create, create, list];
    assert_eq!(*pace.begun.lock().expect("no panic"), expected);
    assert_eq!(pace.ended.load(Ordering::SeqCst), 5);
    assert!(fake.received().iter().all(|request| request.header("x-paced") == Some("yes")));
}

/// A service of one's own in a test.
struct Mock;

impl ReadAssignments for Mock {
    fn read_assignments_from(&self, _: Option<&Position>) -> Items<Assignment> {
        let mut assignment = Assignment::new("mock");
        assignment.principal.id = Some("ada".to_owned());
        [Ok(assignment), Err(Error::new(rolecall::ErrorKind::Server))].into_iter().collect()
    }
}

#[tokio::test]
async fn the_reading_traits_are_mocked() {
    let service: &dyn ReadAssignments = &Mock;
    let mut assignments = service.read_assignments();
    let first = assignments.next().await.expect("an item").expect("it is read");
    assert_eq!(first.principal.id.as_deref(), Some("ada"));
    let error = assignments.next().await.expect("an item").expect_err("it fails in the end");
    assert!(error.is_server() && assignments.next().await.is_none());
}

#[test]
fn results_errors_and_positions_are_serialized() {
    let error = Error::new(rolecall::ErrorKind::RateLimited).with_code("20429");
    assert_eq!(json!(error)["kind"], "rate_limited");
    assert_eq!(json!(Ensured::Created(1)), json!({"Created": 1}));
    let position = r#""1.00000000000000ff.0.2.""#;
    let read: Position = serde_json::from_str(position).expect("it is read");
    assert_eq!(serde_json::to_string(&read).expect("it is written"), position);
    assert_eq!(format!("{:>5}|", rolecall::deepset::Asset::from("a")), "    a|");
}

#[test]
fn calls_and_clients_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Deepset>();
    shared::<Call<()>>();
    sent::<Items<u64>>();
}
