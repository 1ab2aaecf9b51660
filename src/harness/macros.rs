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

/// Declares setters of optional texts.
macro_rules! text_setters {
    ($($(#[$meta:meta])* $name:ident)+) => { $(
        $(#[$meta])*
        pub fn $name(mut self, text: impl Into<String>) -> Self {
            self.$name = Some(text.into());
            self
        }
    )+ };
}

/// Declares getters: `name(value) -> type { expression }`.
macro_rules! getters {
    ($($(#[$meta:meta])* $name:ident($own:ident) -> $type:ty { $value:expr })+) => { $(
        $(#[$meta])*
        #[must_use = "it changes nothing"]
        pub fn $name(&self) -> $type {
            let $own = self;
            $value
        }
    )+ };
}

pub(super) use {getters, in_scopes, text_setters};
