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
            pub fn created_at(&self) -> Option<std::time::SystemTime> {
                self.created.and_then($crate::harness::resource::time)
            }

            /// Returns [`updated`](Self::updated) as a time, in the unit of
            /// [`created_at`](Self::created_at).
            pub fn updated_at(&self) -> Option<std::time::SystemTime> {
                self.updated.and_then($crate::harness::resource::time)
            }
        }
    )+ };
}

/// Declares setters of lists with their getters: `name, getter = field(Type)`.
macro_rules! any_of {
    ($($(#[$meta:meta])* $name:ident, $getter:ident = $field:ident($type:ty);)+) => { $(
        $(#[$meta])*
        ///
        /// The call refuses none at all, and an empty one.
        pub fn $name(mut self, any: impl IntoIterator<Item: Into<$type>>) -> Self {
            self.$field = Some(any.into_iter().map(Into::into).collect());
            self
        }

        #[doc = concat!("Returns what [`", stringify!($name), "`](Self::", stringify!($name), ") set.")]
        pub fn $getter(&self) -> Option<&[$type]> {
            self.$field.as_deref()
        }
    )+ };
}

pub(super) use {any_of, in_scopes, times};
