//! The places of items: a service, and a channel or conversation in it.

use super::ServiceSid;
use crate::error::Error;
use crate::model::{Arg, text};

/// The values of a path before the id of an item.
#[derive(Clone, Debug)]
pub struct Place {
    /// The named service; `None` for the account's default service.
    service: Option<Arg<ServiceSid>>,
    /// The channel, conversation or user in the service that has the items.
    within: Option<Arg<String>>,
}

impl Place {
    pub(in crate::twilio) fn new(service: Option<Arg<ServiceSid>>) -> Self {
        Self { service, within: None }
    }

    /// A place in this service, by its SID or name.
    pub(in crate::twilio) fn within<K: AsRef<str>>(&self, key: &Arg<K>) -> Self {
        let key = key.as_ref().map(|key| key.as_ref().to_owned()).map_err(Clone::clone);
        Self { service: self.service.clone(), within: Some(key) }
    }

    /// The service itself.
    pub(in crate::twilio) fn service(&self) -> Self {
        Self::new(self.service.clone())
    }

    pub(in crate::twilio) fn is_default_service(&self) -> bool {
        self.service.is_none()
    }

    /// Returns the values of a path that only a named service has.
    ///
    /// # Errors
    /// A configuration error for the default service; that of an invalid id.
    pub(in crate::twilio) fn named(&self) -> Result<Vec<&str>, Error> {
        if self.is_default_service() {
            let rule = "the default service has no such path: name it by its SID, which \
                        TwilioConversations::configuration() has";
            return Err(Error::configuration(rule));
        }
        self.values(None)
    }

    /// Returns the SID of the service, where a valid one is named.
    pub(in crate::twilio) fn sid(&self) -> Option<ServiceSid> {
        self.service.clone()?.ok()
    }

    /// Returns the values of a path to the items here, or to one of them. A spec has a template for
    /// each number of values.
    ///
    /// # Errors
    /// That of the first invalid id.
    pub(in crate::twilio) fn values<'a>(
        &'a self,
        id: Option<&'a str>,
    ) -> Result<Vec<&'a str>, Error> {
        let mut values = Vec::with_capacity(3);
        if let Some(service) = &self.service {
            values.push(text(service)?);
        }
        if let Some(within) = &self.within {
            values.push(text(within)?);
        }
        values.extend(id);
        Ok(values)
    }
}
