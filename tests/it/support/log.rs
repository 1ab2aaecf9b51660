//! A subscriber of `tracing` that keeps spans and events in order.

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// While there is one dispatcher only, `tracing` asks the thread that is the first to reach an
/// event whether there is a listener, and keeps a "no" for all threads. So there are always others.
static OTHERS: LazyLock<[Dispatch; 2]> =
    LazyLock::new(|| [(); 2].map(|()| Dispatch::new(tracing_subscriber::registry())));

/// A layer that remembers; clones share the memory.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Memory>>);

#[derive(Default)]
struct Memory {
    spans: Vec<Span>,
    /// All names, targets and values, of spans and events alike.
    words: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Span {
    pub(crate) name: &'static str,
    pub(crate) level: &'static str,
    /// The place of the enclosing span.
    pub(crate) parent: Option<usize>,
    fields: Vec<(&'static str, String)>,
}

impl Span {
    /// The names of the fields that got a value.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|(name, _)| *name)
    }

    /// The last value of a field, if it got one.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter().rev();
        let found = fields.find(|(own, _)| *own == name)?;
        Some(&found.1)
    }
}

/// The place of a span in the memory, kept with the span itself: ids are used again.
struct Place(usize);

impl Log {
    /// Remembers what this thread does for as long as the guard lives.
    pub(crate) fn listen() -> (Self, tracing::subscriber::DefaultGuard) {
        LazyLock::force(&OTHERS);
        let log = Self::default();
        let subscriber = tracing_subscriber::registry().with(log.clone());
        let guard = tracing::subscriber::set_default(subscriber);
        (log, guard)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        self.memory().spans.clone()
    }

    /// All names and values, to be searched.
    pub(crate) fn text(&self) -> String {
        self.memory().words.join("\n")
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let span = context.span(id).expect("it was just made");
        let parent = span
            .parent()
            .and_then(|parent| parent.extensions().get::<Place>().map(|place| place.0));
        let mut memory = self.memory();
        let metadata = attributes.metadata();
        memory.words.push(metadata.name().to_owned());
        memory.words.extend(fields.words());
        span.extensions_mut().insert(Place(memory.spans.len()));
        let (name, level) = (metadata.name(), metadata.level().as_str());
        memory.spans.push(Span { name, level, parent, fields: fields.0 });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        let span = context.span(id).expect("it is open");
        let extensions = span.extensions();
        let place = extensions.get::<Place>().expect("it was seen").0;
        let mut memory = self.memory();
        memory.words.extend(fields.words());
        memory.spans[place].fields.extend(fields.0);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut memory = self.memory();
        memory.words.push(event.metadata().target().to_owned());
        memory.words.extend(fields.words());
    }
}

#[derive(Default)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn words(&self) -> Vec<String> {
        let words = self.0.iter().map(|(name, value)| format!("{name}={value}"));
        words.collect()
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}
