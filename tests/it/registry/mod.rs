//! Every endpoint of the crate, once: an example call, its request on the wire, a proper response.
//!
//! Exact requests, `docs/calls.md`, the fault matrix, the memory limits and the fuzz targets are
//! derived from it.

#[cfg(feature = "deepset")]
mod deepset;
#[cfg(feature = "harness")]
mod harness;
#[cfg(feature = "redox")]
mod redox;
#[cfg(feature = "twilio")]
mod twilio;

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use rolecall::operation::{Idempotency, ListOperation, Spec};
use rolecall::{BoxFuture, Call, ClientOptions, Error, Items, List, Pages, Position};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The secret of every client when fuzzing: most of its characters can be written in more than one way.
pub(crate) const FUZZED_SECRET: &str = r#"fake/se"cr\et+of=mine~%"#;

/// A secret that is obviously fake.
fn secret(fake: &'static str) -> &'static str {
    if cfg!(fuzzing) { FUZZED_SECRET } else { fake }
}

/// A call under way, whatever its output is.
pub(crate) type Running = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A client of which only the one call is used, again and again.
pub(crate) type Caller = Box<dyn Fn() -> Running + Send + Sync>;

type MakeCaller = Arc<dyn Fn(&str, ClientOptions) -> Caller + Send + Sync>;

/// A call with what can be seen of its response; each output and item is [`Output`], and checked by
/// [`same`].
#[allow(dead_code, reason = "read by the fuzz targets")]
pub(crate) enum Checked {
    /// Of a call: the operation's own facts, and status and attempts of its response.
    Call(&'static Spec, BoxFuture<'static, Result<(u16, u32), Error>>),
    /// Of a list: the same facts, its first request, its pages, its items.
    List(&'static Spec, Box<http::Request<Bytes>>, Pages<()>, Items<()>),
}

/// A list, in pages of two where it has such.
pub(crate) fn checked_list<O: ListOperation<Item: Output>>(list: List<O>) -> Checked {
    let list = list.page_size(2);
    let (first, items) = (list.first_page(), list.clone().items());
    let request = first.request().expect("the example is valid");
    let spec = first.spec().expect("it is one request");
    let (pages, items) = (list.pages().map(|item| same(&item)), items.map(|item| same(&item)));
    Checked::List(spec, Box::new(request), pages, items)
}

type MakeChecked = Arc<dyn Fn(&str, ClientOptions, Option<&Position>) -> Checked + Send + Sync>;

/// What every output of a call is, and every item of a list.
pub(crate) trait Output:
    Serialize + DeserializeOwned + PartialEq + Debug + Send + 'static
{
}

impl<T: Serialize + DeserializeOwned + PartialEq + Debug + Send + 'static> Output for T {}

/// A value is the same after it was written as JSON and read back.
pub(crate) fn same<T: Output>(value: &T) {
    let text = serde_json::to_vec(value).expect("it can be written");
    let back: T = serde_json::from_slice(&text)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&text)));
    assert_eq!(&back, value);
}

/// How a vendor's client is made, or a handle of it, for a service at this origin.
type Make<C> = fn(&str, ClientOptions) -> C;

/// An endpoint with an example call, and what is true of it.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) spec: &'static Spec,
    /// Which of the calls of this name it is: its scope, version or filters; of a list, how it is read.
    pub(crate) form: String,
    /// How sure the vendor's word is: documented, observed, inferred.
    pub(crate) mark: &'static str,
    /// How a program makes the call.
    pub(crate) method: String,
    /// The fixture of its request, below `fixtures/`; empty where a test of its own compares it.
    pub(crate) request: String,
    /// A proper response, of a list the last page; empty where the status has no body.
    pub(crate) response: String,
    /// Whether a refused credential can be renewed.
    pub(crate) renews: bool,
    /// Whether a success may have no body, though its status has one: the vendor documents none.
    pub(crate) may_be_blank: bool,
    /// The unique path, if the client makes it automatically before another call.
    pub(crate) before: Option<&'static str>,
    caller: MakeCaller,
    checked: MakeChecked,
}

impl Endpoint {
    /// A client of a service at this origin, with credentials that are obviously fake.
    pub(crate) fn caller(&self, origin: &str, options: ClientOptions) -> Caller {
        (self.caller)(origin, options)
    }

    /// The call by a new client; a list from this position on.
    #[allow(dead_code, reason = "read by the fuzz targets")]
    pub(crate) fn checked(
        &self,
        origin: &str,
        options: ClientOptions,
        from: Option<&Position>,
    ) -> Checked {
        (self.checked)(origin, options, from)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.spec.name()
    }

    pub(crate) fn success(&self) -> &'static [u16] {
        self.spec.success_statuses()
    }

    pub(crate) fn idempotency(&self) -> Idempotency {
        self.spec.declared_idempotency()
    }

    pub(crate) fn has_body(&self) -> bool {
        self.success() != [204]
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())?;
        if self.form.is_empty() { Ok(()) } else { write!(f, " ({})", self.form) }
    }
}

/// The form of a list that is read to its end; it has no request fixture of its own.
pub(crate) const ITEMS: &str = "all items";

fn endpoint<C: Send + Sync + 'static, T: Output>(
    make: Make<C>,
    response: impl Into<String>,
    call: impl Fn(&C) -> Call<T> + Clone + Send + Sync + 'static,
) -> Endpoint {
    let again = call.clone();
    let checked: MakeChecked = Arc::new(move |origin, options, _| {
        let call = again(&make(origin, options));
        let spec = call.spec().expect("it is one request");
        let checked = async move {
            let response = call.with_response().await?;
            same(response.body());
            Ok((response.status().as_u16(), response.attempts()))
        };
        Checked::Call(spec, Box::pin(checked))
    });
    unchecked(make, response, call, checked)
}

fn unchecked<C: Send + Sync + 'static, T: Send + 'static>(
    make: Make<C>,
    response: impl Into<String>,
    call: impl Fn(&C) -> Call<T> + Send + Sync + 'static,
    checked: MakeChecked,
) -> Endpoint {
    let example = call(&make("http://127.0.0.1:1", ClientOptions::default()));
    let spec = example.spec().expect("it is one request");
    let call = Arc::new(call);
    let caller: MakeCaller = Arc::new(move |origin, options| {
        let (client, call) = (make(origin, options), Arc::clone(&call));
        Box::new(move || {
            let call = call(&client);
            Box::pin(async move { call.await.map(drop) })
        })
    });
    let response = response.into().trim().to_owned();
    Endpoint {
        spec,
        form: String::new(),
        mark: "documented",
        method: String::new(),
        request: String::new(),
        response,
        renews: false,
        may_be_blank: false,
        before: None,
        caller,
        checked,
    }
}

/// A token request, which the client makes automatically before another call, at this path.
fn token<C: Send + Sync + 'static, T: Output>(
    make: Make<C>,
    (spec, path): (&'static Spec, &'static str),
    response: &str,
    call: impl Fn(&C) -> Call<T> + Clone + Send + Sync + 'static,
) -> Endpoint {
    Endpoint { spec, before: Some(path), ..endpoint(make, response, call) }
}

/// The endpoints of one client or handle.
struct Entries<C> {
    make: Make<C>,
    /// How a program makes it.
    handle: &'static str,
    form: &'static str,
    /// The fixtures of its requests, with `*` for the name of the call.
    fixtures: &'static str,
    all: Vec<Endpoint>,
}

impl<C: Send + Sync + 'static> Entries<C> {
    fn new(make: Make<C>, handle: &'static str, fixtures: &'static str) -> Self {
        Self { make, handle, form: "", fixtures, all: Vec::new() }
    }

    fn form(self, form: &'static str) -> Self {
        Self { form, ..self }
    }

    /// A call: its method on the handle, the fixture of its request, a proper response.
    fn call<T: Output>(
        self,
        method: &str,
        request: &str,
        response: impl Into<String>,
        call: impl Fn(&C) -> Call<T> + Clone + Send + Sync + 'static,
    ) -> Self {
        let endpoint = endpoint(self.make, response, call);
        self.push(method, request, endpoint)
    }

    /// A list, by its first page and by its items.
    fn list<O: ListOperation<Item: Output>>(
        self,
        method: &str,
        request: &str,
        response: impl Into<String>,
        list: impl Fn(&C) -> List<O> + Clone + Send + Sync + 'static,
    ) -> Self {
        let (make, first, again) = (self.make, list.clone(), list.clone());
        let checked: MakeChecked = Arc::new(move |origin, options, from| {
            checked_list(again(&make(origin, options)).from(from))
        });
        let page = unchecked(make, response, move |client| first(client).first_page(), checked);
        let list = Arc::new(list);
        let caller: MakeCaller = Arc::new(move |origin, options| {
            let (client, list) = (make(origin, options), Arc::clone(&list));
            Box::new(move || {
                let items = list(&client).items();
                Box::pin(async move { items.try_collect().await.map(drop) })
            })
        });
        let items = Endpoint { form: ITEMS.to_owned(), caller, ..page.clone() };
        let mut entries = self.push(method, request, page);
        entries.all.push(items);
        entries
    }

    fn push(mut self, method: &str, request: &str, endpoint: Endpoint) -> Self {
        self.all.push(Endpoint {
            form: self.form.to_owned(),
            method: format!("{}{method}", self.handle),
            request: self.fixtures.replace('*', request) + ".request.http",
            ..endpoint
        });
        self
    }

    /// Changes the last of them that has a request of its own.
    fn last(mut self, change: impl FnOnce(&mut Endpoint)) -> Self {
        let last = self.all.iter_mut().rfind(|endpoint| endpoint.form != ITEMS);
        change(last.expect("there is one"));
        self
    }

    /// Marks the last one.
    fn mark(self, mark: &'static str) -> Self {
        self.last(|last| last.mark = mark)
    }

    /// Tells the last one from another of the same name, of which all items are read already.
    fn variant(self, name: &str) -> Self {
        let mut entries =
            self.last(|last| last.form = format!("{} {name}", last.form).trim().into());
        entries.all.pop_if(|last| last.form == ITEMS);
        entries
    }
}

/// The text of a fixture.
macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/", $path))
    };
}

pub(crate) use fixture;

/// A page of the fixtures, changed into the last one.
fn last(page: &str, next: &str, none: Value) -> String {
    let mut page: Value = serde_json::from_str(page).expect("the fixture is JSON");
    *page.pointer_mut(next).expect("it has the field") = none;
    page.to_string()
}

/// All endpoints whose vendor is built in.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut all = Vec::new();
    #[cfg(feature = "twilio")]
    all.extend([twilio::iam(), twilio::chat(), twilio::all_conversations()].concat());
    #[cfg(feature = "harness")]
    all.extend(harness::all());
    #[cfg(feature = "redox")]
    all.extend(redox::all());
    #[cfg(feature = "deepset")]
    all.extend(deepset::all());
    all
}

/// Each endpoint once, at one of its scopes and versions, which differ in the path alone.
pub(crate) fn each_operation() -> Vec<Endpoint> {
    let mut known = std::collections::BTreeSet::new();
    let mut all = endpoints();
    all.retain(|endpoint| known.insert((endpoint.name(), endpoint.form == ITEMS)));
    all
}
