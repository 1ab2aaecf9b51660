//! The common parts of the clients.

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

            /// Returns a call of any operation of this service, including those that the crate
            /// lacks.
            pub fn call<O>(&self, operation: &O) -> $crate::Call<O::Output>
            where
                O: $crate::operation::Operation<Service = Self>,
            {
                self.transport.call(operation)
            }

            /// Returns a call of any operation whose request is built anew for each attempt,
            /// because it holds a value for one use.
            pub fn call_built_anew<O>(&self, operation: O) -> $crate::Call<O::Output>
            where
                O: $crate::operation::Operation<Service = Self> + 'static,
            {
                self.transport.call_built_anew(operation)
            }

            /// Returns a list call of any list operation of this service, including those that the
            /// crate lacks.
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
            /// An empty variable counts as unset. White space or control characters in a credential or
            /// its id are refused.
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

            /// Sets time limits, retries, headers, interceptors and HTTP settings; they apply to
            /// token requests too.
            pub fn options(mut self, options: $crate::ClientOptions) -> Self {
                self.options = options;
                self
            }
        }
    };
}

pub(crate) use client;

#[cfg(test)]
mod tests {
    use crate::error::Error;
    use crate::model::env::Vars;

    type Pairs = &'static [(&'static str, &'static str)];

    /// What a client reads of the environment.
    struct Environment {
        /// Reads a builder, and returns its `Debug`.
        read: fn(&Vars<'_>) -> Result<String, Error>,
        /// Variables that are enough together, all of them needed.
        complete: &'static [Pairs],
        optional: &'static [&'static str],
        /// Variables of paths and addresses; all others are one word.
        texts: &'static [&'static str],
    }

    macro_rules! read {
        ($builder:ty) => {
            |vars| <$builder>::from_vars(vars).map(|builder| format!("{builder:?}"))
        };
    }

    fn environments() -> Vec<Environment> {
        vec![
            #[cfg(feature = "twilio")]
            Environment {
                read: read!(crate::twilio::iam::TwilioIamBuilder),
                complete: &[&[("TWILIO_CLIENT_ID", "OQfake"), ("TWILIO_CLIENT_SECRET", "fake")]],
                optional: &[
                    "TWILIO_EDGE",
                    "TWILIO_REGION",
                    "TWILIO_IAM_BASE_URL",
                    "TWILIO_TOKEN_URL",
                ],
                texts: &[],
            },
            #[cfg(feature = "twilio")]
            Environment {
                read: read!(crate::twilio::chat::TwilioChatBuilder),
                complete: &[
                    &[
                        ("TWILIO_API_KEY", "SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
                        ("TWILIO_API_SECRET", "fake"),
                    ],
                    &[
                        ("TWILIO_ACCOUNT_SID", "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
                        ("TWILIO_AUTH_TOKEN", "fake"),
                    ],
                ],
                optional: &["TWILIO_EDGE", "TWILIO_REGION", "TWILIO_CHAT_BASE_URL"],
                texts: &[],
            },
            #[cfg(feature = "harness")]
            Environment {
                read: read!(crate::harness::HarnessBuilder),
                complete: &[&[("HARNESS_API_KEY", "pat.fake")]],
                optional: &["HARNESS_ACCOUNT_ID", "HARNESS_BASE_URL"],
                texts: &[],
            },
            #[cfg(feature = "deepset")]
            Environment {
                read: read!(crate::deepset::DeepsetBuilder),
                complete: &[&[("DEEPSET_API_KEY", "fake")]],
                optional: &["DEEPSET_BASE_URL"],
                texts: &[],
            },
            #[cfg(feature = "redox")]
            Environment {
                read: read!(crate::redox::RedoxBuilder),
                complete: &[
                    &[("REDOX_API_TOKEN", "fake")],
                    #[cfg(feature = "redox-jwt")]
                    &[
                        ("REDOX_CLIENT_ID", "fake-client"),
                        ("REDOX_KEY_ID", "fake-key"),
                        (
                            "REDOX_PRIVATE_KEY_FILE",
                            concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/redox/keys/p384.pem"),
                        ),
                    ],
                ],
                optional: &["REDOX_BASE_URL", "REDOX_TOKEN_URL"],
                texts: &["REDOX_PRIVATE_KEY_FILE"],
            },
        ]
    }

    impl Environment {
        /// Reads an environment with one variable changed.
        fn read(&self, pairs: Pairs, changed: (&str, Option<&str>)) -> Result<String, Error> {
            let find = |name: &str| match changed {
                (own, value) if own == name => value.map(Into::into),
                _ => pairs.iter().find(|(own, _)| *own == name).map(|(_, value)| value.into()),
            };
            (self.read)(&Vars::new(&find))
        }
    }

    #[test]
    fn empty_variables_are_unset_and_needed_ones_are_named() {
        for environment in environments() {
            for &pairs in environment.complete {
                let expected = environment.read(pairs, ("", None)).expect("it is complete");
                for name in environment.optional {
                    for empty in ["", " ", "\t\n"] {
                        let read = environment.read(pairs, (name, Some(empty)));
                        assert_eq!(read.expect(name), expected, "{name}");
                    }
                }
                for (name, _) in pairs {
                    for unset in [None, Some(""), Some(" "), Some("\n")] {
                        let error = environment.read(pairs, (name, unset)).expect_err(name);
                        assert!(error.is_configuration(), "{error}");
                        let text = error.to_string();
                        assert!(text.contains(name) && text.contains("is not set"), "{text}");
                    }
                }
            }
        }
    }

    /// White space around a credential that was read from a file or copied from a page.
    const AROUND: [(&str, &str); 8] = [
        ("", "\n"),
        ("", "\r\n"),
        ("", " "),
        ("\t", ""),
        ("", "\0"),
        ("", "\u{7f}"),
        ("", "\u{a0}"),
        ("other ", ""),
    ];

    #[track_caller]
    fn assert_names(error: &Error, field: &str) {
        let text = error.to_string();
        let rule = "must not contain white space, line breaks or control characters";
        assert_eq!(text, format!("configuration: {field}: {rule}"));
        assert!(!format!("{error:?}").contains("fake"), "{error:?}");
    }

    #[test]
    fn credentials_of_the_environment_are_one_word() {
        for environment in environments() {
            for &pairs in environment.complete {
                for (name, value) in pairs {
                    if environment.texts.contains(name) {
                        continue;
                    }
                    for (before, behind) in AROUND {
                        let value = format!("{before}{value}{behind}");
                        let error = environment.read(pairs, (name, Some(&value)));
                        assert_names(&error.expect_err(name), name);
                    }
                }
            }
        }
    }

    #[test]
    fn credentials_of_builders_are_one_word() {
        const BASE: &str = "http://127.0.0.1:1";
        type Build = fn(&str) -> Result<(), Error>;
        let fields: Vec<(&str, Build)> = vec![
            #[cfg(feature = "twilio")]
            ("Twilio client id", |id| {
                use crate::twilio::iam::{Credentials, TwilioIam};
                let builder = TwilioIam::builder(Credentials::client(id, "fake")).base_url(BASE);
                builder.token_url(BASE).build().map(drop)
            }),
            #[cfg(feature = "twilio")]
            ("Twilio client secret", |secret| {
                use crate::twilio::iam::{Credentials, TwilioIam};
                let credentials = Credentials::client("OQfake", secret);
                TwilioIam::builder(credentials).base_url(BASE).token_url(BASE).build().map(drop)
            }),
            #[cfg(feature = "twilio")]
            ("Twilio access token", |token| {
                use crate::twilio::iam::{Credentials, TwilioIam};
                TwilioIam::builder(Credentials::token(token)).base_url(BASE).build().map(drop)
            }),
            #[cfg(feature = "twilio")]
            ("Twilio auth token or API secret", |secret| {
                use crate::twilio::chat::{Credentials, TwilioChat};
                let sid = "SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
                let credentials = Credentials::api_key(sid, secret);
                TwilioChat::builder(credentials).base_url(BASE).build().map(drop)
            }),
            #[cfg(feature = "harness")]
            ("Harness API key", |key| {
                crate::harness::Harness::builder(key).base_url(BASE).build().map(drop)
            }),
            #[cfg(feature = "harness")]
            ("Harness account id", |id| {
                let builder = crate::harness::Harness::builder("fake").account_id(id);
                builder.base_url(BASE).build().map(drop)
            }),
            #[cfg(feature = "deepset")]
            ("deepset API key", |key| {
                crate::deepset::Deepset::builder(key).base_url(BASE).build().map(drop)
            }),
            #[cfg(feature = "redox")]
            ("Redox API token", |token| {
                crate::redox::Redox::builder(token).base_url(BASE).build().map(drop)
            }),
            #[cfg(feature = "redox-jwt")]
            ("Redox client id", |id| crate::redox::ApiKey::from_pem(id, "k", P384).map(drop)),
            #[cfg(feature = "redox-jwt")]
            ("Redox key id", |id| crate::redox::ApiKey::from_pem("c", id, P384).map(drop)),
        ];
        for (field, build) in fields {
            build("fake").expect(field);
            let error = build("").expect_err(field);
            assert_eq!(error.to_string(), format!("configuration: {field}: must not be empty"));
            for (before, behind) in AROUND {
                assert_names(&build(&format!("{before}fake{behind}")).expect_err(field), field);
            }
        }
    }

    #[cfg(feature = "redox-jwt")]
    const P384: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/redox/keys/p384.pem"));
}
