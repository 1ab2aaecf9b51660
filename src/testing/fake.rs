//! The common parts of all fakes.

use super::message::{Outcome, Request};

/// The state of a service, and how it responds from it.
pub(super) trait Service: Send + 'static {
    fn respond(&mut self, method: &str, path: &[&str], request: &Request) -> Outcome;
}

/// The methods of every fake, by the [`Fake`](super::Fake) in it.
macro_rules! methods {
    ($self:ident, $fake:expr) => {
        /// Returns the fake's address, to be given to a client as its base URL.
        #[must_use]
        pub fn uri(&$self) -> String {
            format!("http://{}", $fake.address)
        }

        /// Queues a fault for the next `calls` requests, after the faults that are already queued.
        pub fn next(&$self, calls: usize, fault: crate::testing::Fault) {
            $self.next_on("", calls, fault);
        }

        /// Queues a fault for the next `calls` requests whose path starts with `path`.
        pub fn next_on(&$self, path: &str, calls: usize, fault: crate::testing::Fault) {
            $fake.queue(path, calls, fault);
        }

        /// Returns how many requests the queued faults will still affect.
        #[must_use]
        pub fn faults_left(&$self) -> usize {
            let state = $fake.state();
            state.faults.iter().fold(0, |sum, queued| sum.saturating_add(queued.calls))
        }

        /// Empties the queue of faults. Faults in progress continue.
        pub fn clear_faults(&$self) {
            $fake.state().faults.clear();
        }

        /// Sets the JSON response to a method and path that the fake does not implement, to test
        /// your own operations: `fake.respond_to("GET", "/api/v1/workspaces", 200, json!([]))`. The
        /// path is as sent, without the query.
        ///
        /// Authentication is still checked. For an endpoint that the fake implements, use
        /// [`next_on`](Self::next_on) with [`Fault::json`](crate::testing::Fault::json).
        pub fn respond_to(&$self, method: &str, path: &str, status: u16, body: serde_json::Value) {
            let at = (method.to_owned(), path.to_owned());
            let response = crate::testing::message::Response::json(status, &body);
            $fake.state().responses.insert(at, response);
        }

        /// Returns the requests received, oldest first, credentials masked: the last 1,024.
        #[must_use]
        pub fn received(&$self) -> Vec<crate::testing::Received> {
            $fake.state().received.iter().cloned().collect()
        }

        /// Returns the total number of requests received.
        #[must_use]
        pub fn received_count(&$self) -> u64 {
            $fake.state().count
        }
    };
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

            crate::testing::fake::methods! { self, self.fake }
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
