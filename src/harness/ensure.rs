//! `ensure` and `ensure_absent` of role assignments, roles and resource groups.

use super::list::LARGEST_PAGE;
use super::resource::{Delete, Endpoints, Resource};
use super::{AnyIdentifier, Resources};
use crate::error::Error;
use crate::model::{Arg, text};
use crate::transport::{BoxFuture, Call, Desired, Finding, Found, Session, Unwanted};

/// A desired resource.
pub(super) struct EnsurePresent<T: Resource> {
    pub(super) resources: Resources<T>,
    pub(super) new: T::New,
}

impl<T: Endpoints> EnsurePresent<T> {
    fn compare(&self, actual: T) -> Found<T> {
        match actual.matches(&self.new, &self.resources.scope.place) {
            true => Found::Matching(actual),
            false => Found::Different(actual),
        }
    }

    /// Gets the item with the desired identifier.
    ///
    /// # Errors
    /// Those of the read, except one that says, or may mean, that there is none.
    async fn get(&self, session: &Session) -> Result<Found<T>, Error> {
        let identifier = T::identifier_of(&self.new);
        if identifier.is_empty() || T::is_shadowed(identifier, &self.resources.scope.place) {
            return Ok(Found::Absent);
        }
        match session.send(self.resources.get(identifier)).await {
            Ok(actual) => Ok(self.compare(actual)),
            Err(error) if T::is_absent(&error) || T::may_be_absent(&error) => Ok(Found::Absent),
            Err(error) => Err(error),
        }
    }
}

impl<T: Endpoints> Desired for EnsurePresent<T> {
    type Item = T;
    type Created = T;
    type Request = T::New;
    const NAME: &'static str = T::ENSURE;
    // An identifier is unique in its scope, and so is what an assignment grants (observed).
    const REPEATABLE: bool = true;

    fn request(&self) -> &T::New {
        &self.new
    }

    fn create(&self) -> Call<T> {
        self.resources.create(&self.new)
    }

    fn created(&self, created: T) -> Result<T, Error> {
        Ok(created)
    }

    fn find_first<'a>(&'a self, session: &'a Session) -> Finding<'a, T> {
        Box::pin(async move {
            T::check(&self.new)?;
            match self.get(session).await {
                // A caller that may create may lack the permission to read.
                Err(error) if error.is_permission_denied() => Ok(Found::Absent),
                found => found,
            }
        })
    }

    fn find<'a>(&'a self, session: &'a Session) -> Finding<'a, T> {
        Box::pin(async move {
            match self.get(session).await? {
                Found::Absent => {}
                found => return Ok(found),
            }
            let place = &self.resources.scope.place;
            // A matching item takes precedence over one that only excludes it.
            let mut excluding = None;
            let found = find_in_list(&self.resources, session, |item: T| {
                if item.identifier() == T::identifier_of(&self.new) {
                    return Some(self.compare(item));
                }
                if item.excludes(&self.new, place) {
                    if item.matches(&self.new, place) {
                        return Some(Found::Matching(item));
                    }
                    excluding.get_or_insert(item);
                }
                None
            });
            Ok(match found.await? {
                Some(found) => found,
                None => excluding.map_or(Found::Absent, Found::Different),
            })
        })
    }
}

/// A resource that is to be absent.
pub(super) struct EnsureAbsent<T> {
    pub(super) resources: Resources<T>,
    pub(super) identifier: Arg<AnyIdentifier>,
}

impl<T: Endpoints> Unwanted for EnsureAbsent<T> {
    type Deleted = T;
    const NAME: &'static str = T::ENSURE_ABSENT;

    fn delete(&self) -> Call<T> {
        let scope = &self.resources.scope;
        scope.transport.call(&Delete::new(&scope.place, &self.identifier))
    }

    fn find<'a>(&'a self, session: &'a Session) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            let identifier = text(&self.identifier)?;
            if !T::is_shadowed(identifier, &self.resources.scope.place) {
                match session.send(self.resources.get(identifier)).await {
                    Ok(_) => return Ok(true),
                    Err(error) if T::is_absent(&error) => return Ok(false),
                    Err(error) if !T::may_be_absent(&error) => return Err(error),
                    Err(_) => {}
                }
            }
            let named = |item: T| (item.identifier() == identifier).then_some(());
            Ok(find_in_list(&self.resources, session, named).await?.is_some())
        })
    }

    fn is_absent(&self, refused: &Error) -> bool {
        T::is_absent(refused)
    }

    fn may_be_absent(&self, refused: &Error) -> bool {
        T::may_be_absent(refused)
    }
}

/// Reads the list of a scope until an item is picked.
///
/// # Errors
/// That of the list.
async fn find_in_list<T: Endpoints, R>(
    resources: &Resources<T>,
    session: &Session,
    mut pick: impl FnMut(T) -> Option<R> + Send,
) -> Result<Option<R>, Error> {
    let mut items = resources.list().page_size(LARGEST_PAGE).within(session).items();
    while let Some(item) = items.next().await.transpose()? {
        if let Some(picked) = pick(item) {
            return Ok(Some(picked));
        }
    }
    Ok(None)
}
