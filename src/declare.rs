//! Setters and getters as tables.

/// Declares builder methods, a line each: `name(Type)` sets a field; `name(into Type)` takes whatever
/// converts; `name(some …)` sets an optional field. `name = field(…)` names a field that is called
/// otherwise.
macro_rules! setters {
    ($($(#[$meta:meta])* $name:ident $(= $field:ident)? ($($kind:tt)+);)+) => {
        $($crate::declare::setters! { @field [$(#[$meta])*] $name [$($field)?] $($kind)+ })+
    };
    (@field [$($meta:tt)*] $name:ident [] $($kind:tt)+) => {
        $crate::declare::setters! { @one [$($meta)*] $name $name $($kind)+ }
    };
    (@field [$($meta:tt)*] $name:ident [$field:ident] $($kind:tt)+) => {
        $crate::declare::setters! { @one [$($meta)*] $name $field $($kind)+ }
    };
    (@one [$($meta:tt)*] $name:ident $field:ident some into $type:ty) => {
        $($meta)*
        pub fn $name(mut self, $name: impl Into<$type>) -> Self {
            self.$field = Some($name.into());
            self
        }
    };
    (@one [$($meta:tt)*] $name:ident $field:ident some $type:ty) => {
        $($meta)*
        pub fn $name(mut self, $name: $type) -> Self {
            self.$field = Some($name);
            self
        }
    };
    (@one [$($meta:tt)*] $name:ident $field:ident into $type:ty) => {
        $($meta)*
        pub fn $name(mut self, $name: impl Into<$type>) -> Self {
            self.$field = $name.into();
            self
        }
    };
    (@one [$($meta:tt)*] $name:ident $field:ident $type:ty) => {
        $($meta)*
        pub fn $name(mut self, $name: $type) -> Self {
            self.$field = $name;
            self
        }
    };
}

/// Declares getters, a line each: `copy name: Type` copies a field, `borrow` borrows it, `optional`
/// borrows what an optional field holds, and `part` borrows a part of that (the text of a `String`).
/// `name = field` names a field that is called otherwise.
macro_rules! getters {
    ($($(#[$meta:meta])* $kind:ident $name:ident $(= $field:ident)?: $type:ty;)+) => {
        $($crate::declare::getters! { @field [$(#[$meta])*] $kind $name [$($field)?] $type })+
    };
    (@field [$($meta:tt)*] $kind:ident $name:ident [] $type:ty) => {
        $crate::declare::getters! { @one [$($meta)*] $kind $name $name $type }
    };
    (@field [$($meta:tt)*] $kind:ident $name:ident [$field:ident] $type:ty) => {
        $crate::declare::getters! { @one [$($meta)*] $kind $name $field $type }
    };
    (@one [$($meta:tt)*] copy $name:ident $field:ident $type:ty) => {
        $($meta)*
        pub fn $name(&self) -> $type {
            self.$field
        }
    };
    (@one [$($meta:tt)*] borrow $name:ident $field:ident $type:ty) => {
        $($meta)*
        pub fn $name(&self) -> &$type {
            &self.$field
        }
    };
    (@one [$($meta:tt)*] optional $name:ident $field:ident $type:ty) => {
        $($meta)*
        pub fn $name(&self) -> Option<&$type> {
            self.$field.as_ref()
        }
    };
    (@one [$($meta:tt)*] part $name:ident $field:ident $type:ty) => {
        $($meta)*
        pub fn $name(&self) -> Option<&$type> {
            self.$field.as_deref()
        }
    };
}

pub(crate) use {getters, setters};
