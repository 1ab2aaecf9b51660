//! Declarations of requests, responses and the setup of a client.

/// Declares a response: the fields of which one at least identifies the thing, then the others. Each
/// is documented as nullable, or read as if it were.
macro_rules! thing {
    (
        $(#[$meta:meta])*
        $name:ident in $key:literal known by $known_by:literal = $first:ident $(or $other:ident)? {
            $(
                $(#[doc = $part_doc:literal])* $(#[serde(rename = $wire:literal)])?
                $part:ident: $type:ty,
            )+
        }
    ) => {
        $crate::model::json::response! {
            $(#[$meta])*
            pub struct $name {
                $(
                    $(#[doc = $part_doc])* $(#[serde(rename = $wire)])?
                    pub $part: Option<$type>,
                )+
            }
        }

        impl $crate::twilio::shared::Thing for $name {
            const LIST_KEY: &'static str = $key;
            const KNOWN_BY: &'static str = $known_by;

            fn id(&self) -> Option<&str> {
                let id = self.$first.as_ref().map(AsRef::as_ref);
                $(let id = id.or_else(|| self.$other.as_ref().map(AsRef::as_ref));)?
                id.filter(|id: &&str| $crate::model::loose::is_id(id))
            }

            fn key(&self) -> String {
                self.$first.as_ref().map_or_else(|| format!("{self:?}"), ToString::to_string)
            }
        }
    };
}

/// Declares the form of a request: `by identity`, which is required then, and what is sent only where it
/// is set. Each part has a setter, a getter, and the vendor's name.
macro_rules! form {
    (
        $(#[$meta:meta])*
        $name:ident by identity {
            $($(#[$part_meta:meta])* $part:ident, $getter:ident: $type:ty = $wire:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[must_use]
        pub struct $name {
            identity: $crate::twilio::shared::Identity,
            $($part: Option<$type>,)+
        }

        impl $name {
            /// Starts a request with nothing but the identity.
            ///
            /// # Errors
            /// An invalid-request error that names the field and the rule.
            pub fn new(
                identity: impl TryInto<$crate::twilio::shared::Identity, Error: Into<$crate::Error>>,
            ) -> Result<Self, $crate::Error> {
                Ok(Self { identity: $crate::model::arg(identity)?, $($part: None,)+ })
            }

            /// Returns the identity.
            pub fn identity(&self) -> &$crate::twilio::shared::Identity {
                &self.identity
            }
        }

        $crate::twilio::shared::form! {
            @parts $name(own) [vec![("Identity", own.identity.as_str())]]
            $($(#[$part_meta])* $part, $getter: $type = $wire,)+
        }
    };
    (
        $(#[$meta:meta])*
        $name:ident {
            $($(#[$part_meta:meta])* $part:ident, $getter:ident: $type:ty = $wire:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
        #[must_use]
        pub struct $name {
            $($part: Option<$type>,)+
        }

        $crate::twilio::shared::form! {
            @parts $name(own) [Vec::new()]
            $($(#[$part_meta])* $part, $getter: $type = $wire,)+
        }
    };
    (
        @parts $name:ident($own:ident) [$pairs:expr]
        $($(#[$part_meta:meta])* $part:ident, $getter:ident: $type:ty = $wire:literal,)+
    ) => {
        impl $name { $(
            $(#[$part_meta])*
            pub fn $part(mut self, $part: impl Into<$type>) -> Self {
                self.$part = Some($part.into());
                self
            }

            #[doc = concat!("Returns `", $wire, "`, where it is set.")]
            pub fn $getter(&self) -> Option<&$type> {
                self.$part.as_ref()
            }
        )+ }

        impl $crate::twilio::shared::Form for $name {
            fn pairs(&self) -> Vec<(&'static str, &str)> {
                let $own = self;
                let mut pairs: Vec<(&'static str, &str)> = $pairs;
                $(pairs.extend($own.$part.as_ref().map(|part| ($wire, part.as_ref())));)+
                pairs
            }
        }
    };
}

/// Declares how a product with basic authentication is set up: the client, its builder, the product's
/// part of the host, the name of its base URL and the variable that holds it.
macro_rules! product {
    ($client:ident, $builder:ident, $product:literal, $base_url:literal, $variable:literal) => {
        impl $client {
            /// Starts a client with these credentials.
            pub fn builder(credentials: $crate::twilio::shared::Credentials) -> $builder {
                $builder {
                    base_url: $crate::transport::Address::new($base_url),
                    options: $crate::ClientOptions::default(),
                    credentials,
                    host: $crate::twilio::host::Place::default(),
                }
            }
        }

        impl $builder {
            pub(crate) fn from_vars(
                vars: &$crate::model::env::Vars<'_>,
            ) -> Result<Self, $crate::Error> {
                let mut builder =
                    $client::builder($crate::twilio::shared::Credentials::from_vars(vars)?);
                builder.base_url.read(vars, $variable)?;
                builder.host = $crate::twilio::host::Place::read(vars)?;
                Ok(builder)
            }

            $crate::twilio::host::host_setters! {}

            /// Builds the client.
            ///
            /// # Errors
            /// A configuration error that names the setting and the rule, or an invalid-request error
            /// for an invalid SID in the [`Credentials`].
            pub fn build(self) -> Result<$client, $crate::Error> {
                let Self { base_url, options, host, credentials } = self;
                let base = host.base($product, &base_url, &options)?;
                Ok($client { transport: credentials.transport(base, &options)? })
            }
        }
    };
}

pub(in crate::twilio) use {form, product, thing};
