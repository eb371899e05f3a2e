//! RFC 7396 merge patch, from text to text: what a patch does not name is copied as it stands.

use std::{borrow::Cow, ops::Range};

use super::{JsonError, outline::Outline, string};

/// The text of `target` with `patch` merged into it.
pub(super) fn merge(target: &[u8], patch: &[u8]) -> Result<Box<[u8]>, JsonError> {
    let (target, patch) = (Outline::of(target)?, Outline::of(patch)?);
    let Some(changes) = patch.root() else { return Ok(patch.text.into()) };
    let members = target.root().unwrap_or_default();
    let output = Vec::with_capacity(target.text.len() + patch.text.len());
    let mut merge = Merge { target, patch, output };
    merge.object(members, changes);
    Ok(merge.output.into_boxed_slice())
}

struct Merge<'a> {
    target: Outline<'a>,
    patch: Outline<'a>,
    output: Vec<u8>,
}

/// A member of the patch by its decoded name, and whether the target has it too.
struct Change<'a> {
    name: Cow<'a, str>,
    member: usize,
    known: bool,
}

impl<'a> Merge<'a> {
    /// Calls itself for each object inside both, so at most [`JSON_DEPTH_MAX`](crate::limits::JSON_DEPTH_MAX) deep:
    /// [`Outline::of`] refuses deeper text.
    fn object(&mut self, members: Range<usize>, changes: Range<usize>) {
        let mut changes = self.sorted(changes);
        self.output.push(b'{');
        for member in self.target.members(members).collect::<Vec<_>>() {
            let name = name(self.target.key(member));
            match changes.binary_search_by(|change| change.name.cmp(&name)) {
                Ok(found) => {
                    changes[found].known = true;
                    self.merged(self.target.key(member), Some(member), changes[found].member);
                }
                Err(_) => self.write(self.target.key(member), self.target.value(member)),
            }
        }
        changes.retain(|change| !change.known);
        changes.sort_unstable_by_key(|change| change.member);
        for change in changes {
            self.merged(self.patch.key(change.member), None, change.member);
        }
        self.output.push(b'}');
    }

    /// Writes what a member of the patch makes of the member of the same name in the target, if there is one.
    fn merged(&mut self, key: &[u8], member: Option<usize>, change: usize) {
        if let Some(changes) = self.patch.object(change) {
            self.write(key, b"");
            let members = member.and_then(|member| self.target.object(member)).unwrap_or_default();
            return self.object(members, changes);
        }
        match self.patch.value(change) {
            b"null" => {}
            value => self.write(key, value),
        }
    }

    fn write(&mut self, key: &[u8], value: &[u8]) {
        if self.output.last() != Some(&b'{') {
            self.output.push(b',');
        }
        self.output.extend_from_slice(key);
        self.output.push(b':');
        self.output.extend_from_slice(value);
    }

    fn sorted(&self, changes: Range<usize>) -> Vec<Change<'a>> {
        let change = |member| Change { name: name(self.patch.key(member)), member, known: false };
        let mut changes: Vec<_> = self.patch.members(changes).map(change).collect();
        changes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        changes
    }
}

/// The decoded name of a key in quotes. The outline has checked it.
fn name(key: &[u8]) -> Cow<'_, str> {
    let content = key.strip_prefix(b"\"").and_then(|key| key.strip_suffix(b"\""));
    content.and_then(string::decode).unwrap_or_default()
}
