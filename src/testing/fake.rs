//! The common parts of all fakes.

use std::io;
use std::sync::{Arc, Mutex};

use super::message::{Request, Response};
use super::server::{Server, lock};

/// The methods of every fake. Each vendor's fake has these methods too, and returns its `Fake` by
/// `fake.fake()`, for code that works with any of them. A fake serves until it is dropped.
pub struct Fake {
    server: Server,
}

impl Fake {
    /// Serves from a state.
    pub(super) async fn start<S: Service>(state: &Arc<Mutex<S>>) -> io::Result<Self> {
        let state = Arc::clone(state);
        let handler = move |request: &Request| {
            let segments = request.segments();
            let path: Vec<&str> = segments.iter().map(String::as_str).collect();
            lock(&state).respond(&request.method, &path, request)
        };
        Ok(Self { server: Server::start(Box::new(handler)).await? })
    }
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fake({})", self.uri())
    }
}

/// The state of a service, and how it responds from it.
pub(super) trait Service: Send + 'static {
    fn respond(&mut self, method: &str, path: &[&str], request: &Request) -> Response;
}

/// The methods of every fake, by those of its field `$inner`.
macro_rules! methods {
    ($inner:ident) => {
        /// Returns the fake's address, to be given to a client as its base URL.
        #[must_use]
        pub fn uri(&self) -> String {
            self.$inner.uri()
        }

        /// Queues a fault for the next `calls` requests, after the faults that are already queued.
        pub fn next(&self, calls: usize, fault: crate::testing::Fault) {
            self.$inner.next(calls, fault);
        }

        /// Queues a fault for the next `calls` requests whose path starts with `path`.
        pub fn next_on(&self, path: &str, calls: usize, fault: crate::testing::Fault) {
            self.$inner.next_on(path, calls, fault);
        }

        /// Returns how many requests the queued faults will still affect.
        #[must_use]
        pub fn faults_left(&self) -> usize {
            self.$inner.faults_left()
        }

        /// Empties the queue of faults. Faults in progress continue.
        pub fn clear_faults(&self) {
            self.$inner.clear_faults();
        }

        /// Sets the JSON response to a method and path that the fake does not implement, to test
        /// your own operations: `fake.respond_to("GET", "/api/v1/workspaces", 200, json!([]))`. The
        /// path is as sent, without the query.
        ///
        /// Authentication is still checked. For an endpoint that the fake implements, use
        /// [`next_on`](Self::next_on) with [`Fault::json`](crate::testing::Fault::json).
        pub fn respond_to(&self, method: &str, path: &str, status: u16, body: serde_json::Value) {
            self.$inner.respond_to(method, path, status, body);
        }

        /// Returns the requests received, oldest first, credentials masked: the last 1,024.
        #[must_use]
        pub fn received(&self) -> Vec<crate::testing::Received> {
            self.$inner.received()
        }

        /// Returns the total number of requests received.
        #[must_use]
        pub fn received_count(&self) -> u64 {
            self.$inner.received_count()
        }
    };
}

impl Fake {
    methods! { server }
}

/// Declares the fake of a vendor over a module's `State`, with the methods that all fakes have. The
/// vendor adds `builder`.
macro_rules! fake {
    ($(#[$meta:meta])* $name:ident, $client:ident) => {
        $(#[$meta])*
        pub struct $name {
            fake: crate::testing::Fake,
            state: std::sync::Arc<std::sync::Mutex<State>>,
        }

        impl $name {
            /// Starts on a free port.
            ///
            /// # Errors
            /// The error of the operating system if no port is free.
            pub async fn start() -> std::io::Result<Self> {
                let state = std::sync::Arc::default();
                Ok(Self { fake: crate::testing::Fake::start(&state).await?, state })
            }

            /// Returns a client that points here.
            ///
            /// # Errors
            /// None in practice; that of the builder.
            pub fn client(&self) -> Result<$client, crate::Error> {
                self.builder().build()
            }

            /// Returns the vendor-independent [`Fake`](crate::testing::Fake), for code that works
            /// with any fake.
            #[must_use]
            pub fn fake(&self) -> &crate::testing::Fake {
                &self.fake
            }

            fn state(&self) -> std::sync::MutexGuard<'_, State> {
                crate::testing::server::lock(&self.state)
            }

            crate::testing::fake::methods! { fake }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.uri())
            }
        }
    };
}

pub(super) use {fake, methods};

#[cfg(test)]
#[path = "fake_tests.rs"]
mod tests;
