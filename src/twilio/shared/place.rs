//! Where things are: in a service, and in a channel, say.

use super::ServiceSid;
use crate::error::Error;
use crate::model::{Arg, text};

/// The values of a path before the id of a thing.
#[derive(Clone, Debug)]
pub struct Place {
    /// The service where it is named; `None` is the account's default service.
    service: Option<Arg<ServiceSid>>,
    /// What in the service the things are in.
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

    /// Returns the values of a path to the things here, or to one of them. A spec has a template for
    /// each number of values.
    ///
    /// # Errors
    /// That of the first id which is invalid.
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
