//! What the types of this service have many of.

/// The paths of an endpoint for the account, an organization and a project.
macro_rules! in_scopes {
    ($path:literal) => {
        &[
            concat!("/v1/", $path),
            concat!("/v1/orgs/{org}/", $path),
            concat!("/v1/orgs/{org}/projects/{project}/", $path),
        ]
    };
}

/// Declares the fields `created` and `updated` of a response as times.
macro_rules! times {
    ($($type:ident),+) => { $(
        impl $type {
            /// Returns [`created`](Self::created) as a time.
            ///
            /// The service sends milliseconds since 1970 (*documented* among the common parameters of
            /// the vendor's introduction), but the example in its schema looks like seconds: numbers
            /// from 100,000,000,000 on (March 1973 in milliseconds) are taken as milliseconds, smaller
            /// ones as seconds.
            #[must_use]
            pub fn created_at(&self) -> Option<std::time::SystemTime> {
                self.created.and_then($crate::harness::resource::time)
            }

            /// Returns [`updated`](Self::updated) as a time, in the unit of
            /// [`created_at`](Self::created_at).
            #[must_use]
            pub fn updated_at(&self) -> Option<std::time::SystemTime> {
                self.updated.and_then($crate::harness::resource::time)
            }
        }
    )+ };
}

pub(super) use {in_scopes, times};
