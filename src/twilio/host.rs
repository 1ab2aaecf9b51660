//! `{product}.{edge}.{region}.twilio.com`: the host of a product at an edge and in a region.

use url::Url;

use crate::error::Error;
use crate::model::env::Vars;
use crate::transport::{Address, ClientOptions};

/// An edge and a region, with the settings that they came from.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    edge: Option<(&'static str, String)>,
    region: Option<(&'static str, String)>,
}

impl Place {
    /// Reads `TWILIO_EDGE` and `TWILIO_REGION`.
    ///
    /// # Errors
    /// A configuration error that names the variable.
    pub(super) fn read(vars: &Vars<'_>) -> Result<Self, Error> {
        let read = |name| Ok::<_, Error>(vars.optional(name)?.map(|text| (name, text)));
        Ok(Self { edge: read("TWILIO_EDGE")?, region: read("TWILIO_REGION")? })
    }

    pub(super) fn set_edge(&mut self, edge: String) {
        self.edge = Some(("Twilio edge", edge));
    }

    pub(super) fn set_region(&mut self, region: String) {
        self.region = Some(("Twilio region", region));
    }

    /// Returns the base URL of a product: what was set, else its address here.
    ///
    /// # Errors
    /// A configuration error that names the setting and the rule.
    pub(super) fn base(
        &self,
        product: &str,
        base_url: &Address,
        options: &ClientOptions,
    ) -> Result<Url, Error> {
        // Edge and region do not matter where a base URL is set.
        let own = if base_url.is_set() { String::new() } else { self.address(product)? };
        base_url.parse(&own, options)
    }

    /// Returns the address of a product.
    ///
    /// # Errors
    /// A configuration error if one of them cannot be a part of a host name, or for a region
    /// without an edge: the vendor routes that to `us1`, whatever the region is.
    fn address(&self, product: &str) -> Result<String, Error> {
        for (setting, label) in [&self.edge, &self.region].into_iter().flatten() {
            // Anything else could lead the credentials to another host.
            let fits = (1..=63).contains(&label.len())
                && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
                && !label.starts_with('-')
                && !label.ends_with('-');
            if !fits {
                let rule = "must be small letters, digits and hyphens, as in \"us1\"";
                return Err(Error::configuration(format!("{setting}: {rule}")));
            }
        }
        match (&self.edge, &self.region) {
            (None, None) => Ok(format!("https://{product}.twilio.com")),
            // That is where the vendor routes a region alone.
            (None, Some((_, region))) if region == "us1" => {
                Ok(format!("https://{product}.twilio.com"))
            }
            (Some((_, edge)), None) => Ok(format!("https://{product}.{edge}.us1.twilio.com")),
            (Some((_, edge)), Some((_, region))) => {
                Ok(format!("https://{product}.{edge}.{region}.twilio.com"))
            }
            (None, Some((setting, _))) => Err(Error::configuration(format!(
                "{setting}: needs an edge too, without one Twilio routes to us1"
            ))),
        }
    }
}

/// Declares the settings of a product's host on a builder that has a `host`.
macro_rules! host_setters {
    () => {
        /// Sets the edge by which the service is reached, e.g. `ashburn`:
        /// `{product}.{edge}.{region}.twilio.com` (*documented* in general; whether this product is
        /// served there is not known). The region is `us1` where none is set. A base URL takes
        /// precedence.
        pub fn edge(mut self, edge: impl Into<String>) -> Self {
            self.host.set_edge(edge.into());
            self
        }

        /// Sets the region that serves the calls, e.g. `ie1`; any but `us1` needs an
        /// [`edge`](Self::edge) too, since the vendor routes a region alone to `us1` (*documented*).
        pub fn region(mut self, region: impl Into<String>) -> Self {
            self.host.set_region(region.into());
            self
        }
    };
}

pub(super) use host_setters;

#[cfg(test)]
mod tests {
    use super::*;

    fn address(edge: Option<&str>, region: Option<&str>) -> Result<String, Error> {
        let mut place = Place::default();
        if let Some(edge) = edge {
            place.set_edge(edge.to_owned());
        }
        if let Some(region) = region {
            place.set_region(region.to_owned());
        }
        place.address("iam")
    }

    #[test]
    fn edge_and_region_are_parts_of_the_host() {
        for (edge, region, host) in [
            (None, None, "https://iam.twilio.com"),
            (Some("ashburn"), None, "https://iam.ashburn.us1.twilio.com"),
            (Some("ashburn-ix"), Some("ie1"), "https://iam.ashburn-ix.ie1.twilio.com"),
            (None, Some("us1"), "https://iam.twilio.com"),
        ] {
            assert_eq!(address(edge, region).expect("it fits"), host);
        }
        let error = address(None, Some("ie1")).expect_err("it would be us1");
        assert!(error.to_string().contains("Twilio region: needs an edge too"), "{error}");
    }

    #[test]
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    fn every_product_obeys_edge_and_region() {
        use crate::twilio::chat::TwilioChatBuilder;
        use crate::twilio::iam::TwilioIamBuilder;

        for (edge, region, place) in [
            ("", "", ""),
            ("dublin", "", ".dublin.us1"),
            ("dublin", "ie1", ".dublin.ie1"),
            ("", "us1", ""),
        ] {
            let find = |name: &str| {
                let value = match name {
                    "TWILIO_EDGE" => edge,
                    "TWILIO_REGION" => region,
                    "TWILIO_API_KEY" => "SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                    "TWILIO_CLIENT_ID" | "TWILIO_CLIENT_SECRET" | "TWILIO_API_SECRET" => "fake",
                    _ => return None,
                };
                Some(value.into())
            };
            let vars = Vars::new(&find);
            let iam = TwilioIamBuilder::from_vars(&vars).and_then(TwilioIamBuilder::build);
            let iam = format!("{:?}", iam.expect("it is complete"));
            assert_eq!(iam, format!("TwilioIam(https://preview-iam{place}.twilio.com)"));
            let chat = TwilioChatBuilder::from_vars(&vars).and_then(TwilioChatBuilder::build);
            let chat = format!("{:?}", chat.expect("it is complete"));
            assert_eq!(chat, format!("TwilioChat(https://chat{place}.twilio.com)"));
        }
    }

    #[test]
    fn nothing_leads_to_another_host() {
        let long = "a".repeat(64);
        for bad in ["", "h.example/", "a.b", "a@h", "-a", "a-", "US1", "é", "a#", "a:1", &long] {
            for (edge, region) in [(Some(bad), None), (Some("ashburn"), Some(bad))] {
                let error = address(edge, region).expect_err(bad);
                assert!(error.to_string().contains("must be small letters"), "{error}");
            }
        }
    }
}
