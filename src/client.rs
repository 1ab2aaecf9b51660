//! What the clients of all services have in common.

/// Declares a client with its builder: a transport and the vendor's own settings.
///
/// The vendor writes the builder's `from_vars` and `build`, its settings, and the client's handles.
macro_rules! client {
    (
        $(#[$meta:meta])*
        $client:ident $({ $($(#[$held_meta:meta])* $held:ident: $held_type:ty),+ $(,)? })?,
        $builder:ident {
            $(#[$base_meta:meta])*
            base_url,
            $($(#[$setting_meta:meta])* $setting:ident: $setting_type:ty),+ $(,)?
        }
        $(#[$env_meta:meta])*
        from_env
    ) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $client {
            pub(super) transport: $crate::transport::Transport,
            $($($(#[$held_meta])* $held: $held_type,)+)?
        }

        impl $client {
            #[doc = concat!("Returns a client from the variables of [`", stringify!($builder), "::from_env`].")]
            ///
            /// # Errors
            /// A configuration error that names the variable.
            pub fn from_env() -> Result<Self, $crate::Error> {
                $builder::from_env()?.build()
            }

            /// Returns a call of any operation of this service, also one that the crate does not have.
            pub fn call<O>(&self, operation: &O) -> $crate::Call<O::Output>
            where
                O: $crate::operation::Operation<Service = Self>,
            {
                self.transport.call(operation)
            }

            /// Returns a call of any operation whose request is built anew for each attempt, because
            /// what it holds may be used once.
            pub fn call_built_anew<O>(&self, operation: O) -> $crate::Call<O::Output>
            where
                O: $crate::operation::Operation<Service = Self> + 'static,
            {
                self.transport.call_built_anew(operation)
            }

            /// Returns a list call of any list operation of this service, also one that the crate does
            /// not have.
            pub fn list<O>(&self, operation: O) -> $crate::List<O>
            where
                O: $crate::operation::ListOperation<Service = Self>,
            {
                self.transport.list(operation)
            }
        }

        impl std::fmt::Debug for $client {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($client), "({})"), self.transport.origin())
            }
        }

        #[doc = concat!("Sets up a [`", stringify!($client), "`] client.")]
        #[derive(Clone, Debug)]
        #[must_use]
        pub struct $builder {
            base_url: $crate::transport::Address,
            options: $crate::ClientOptions,
            $($(#[$setting_meta])* $setting: $setting_type,)+
        }

        impl $builder {
            $(#[$env_meta])*
            ///
            /// # Errors
            /// A configuration error that names the variable.
            pub fn from_env() -> Result<Self, $crate::Error> {
                Self::from_vars(&$crate::model::env::Vars::of_process())
            }

            $(#[$base_meta])*
            pub fn base_url(mut self, url: impl Into<String>) -> Self {
                self.base_url.set(url);
                self
            }

            /// Sets time limits, retries, headers, interceptors and HTTP settings; they hold for token
            /// requests too.
            pub fn options(mut self, options: $crate::ClientOptions) -> Self {
                self.options = options;
                self
            }
        }
    };
}

pub(crate) use client;
