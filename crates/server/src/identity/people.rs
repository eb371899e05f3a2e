//! What somebody says about themselves when they come in, held against the rules.

use store::{
    User,
    limits::{EMAIL_BYTES_MAX, PICTURE_URL_BYTES_MAX, USER_NAME_BYTES_MAX},
};

use super::limits::{NAME_CHARACTERS_MAX, PASSWORD_BYTES_MAX, PASSWORD_BYTES_MIN};

/// Somebody who wants an account.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// What others call them.
    pub name: String,
    /// What they log in by.
    pub email: String,
    /// And with.
    pub password: Password,
    /// Where their picture is.
    pub picture_url: Option<String>,
}

/// A password as it came in. It does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

/// What somebody said cannot be taken. Each says what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The name.
    #[error(
        "a name has 1 to {NAME_CHARACTERS_MAX} characters, at most {USER_NAME_BYTES_MAX} bytes and no control characters"
    )]
    Name,
    /// The e-mail address.
    #[error("this is not an e-mail address; it looks like name@example.com")]
    Email,
    /// The password.
    #[error("a password has {PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX} bytes; a few words make a good one")]
    Password,
    /// The picture.
    #[error(
        "profilePicture is the address of a picture: https://…, a path, or a data:image/ URL, of at most {PICTURE_URL_BYTES_MAX} bytes"
    )]
    Picture,
}

impl Unfit {
    /// The stable word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Name => "bad_name",
            Self::Email => "bad_email",
            Self::Password => "bad_password",
            Self::Picture => "bad_picture",
        }
    }
}

impl NewPerson {
    /// Holds everything against the rules, and takes away the spaces around it.
    pub fn checked(self) -> Result<Self, Unfit> {
        let Self { name, email, password, picture_url } = self;
        let fits = (PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&password.0.len());
        let password = if fits { password } else { return Err(Unfit::Password) };
        let picture_url = picture_url.map(|url| check_picture(&url)).transpose()?.flatten();
        Ok(Self { name: check_name(&name)?, email: check_email(&email)?, password, picture_url })
    }
}

/// A name that can be shown, without the spaces around it.
pub fn check_name(name: &str) -> Result<String, Unfit> {
    let name = name.trim();
    let fits = (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count())
        && name.len() <= USER_NAME_BYTES_MAX
        && !name.chars().any(is_hidden);
    if fits { Ok(name.to_owned()) } else { Err(Unfit::Name) }
}

/// An address that could be one: exactly one `@` with something around it. Whether it is one, only a mail can tell.
pub(super) fn check_email(email: &str) -> Result<String, Unfit> {
    let email = email.trim();
    let (local, domain) = email.rsplit_once('@').ok_or(Unfit::Email)?;
    let fits = email.len() <= EMAIL_BYTES_MAX
        && !local.is_empty()
        && !local.contains('@')
        && !domain.is_empty()
        && !email.chars().any(|character| character.is_whitespace() || is_hidden(character));
    if fits { Ok(email.to_owned()) } else { Err(Unfit::Email) }
}

/// Pages put it into `src`: nothing that a browser would run. Empty means none.
fn check_picture(url: &str) -> Result<Option<String>, Unfit> {
    let url = url.trim();
    let begins = ["https://", "http://", "/", "data:image/"].iter().any(|beginning| url.starts_with(beginning));
    let fits = begins && url.len() <= PICTURE_URL_BYTES_MAX && !url.chars().any(is_hidden);
    match url {
        "" => Ok(None),
        url if fits => Ok(Some(url.to_owned())),
        _ => Err(Unfit::Picture),
    }
}

/// Control characters, and those that turn the direction of the text around them, with which names forge others.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// What a person is told about themselves.
#[must_use]
pub fn user_json(user: &User) -> serde_json::Value {
    let role = match user.role {
        store::UserRole::Member => "member",
        store::UserRole::Admin => "admin",
    };
    let mut json = serde_json::json!({ "id": user.id.as_str(), "name": user.name, "role": role });
    if let Some(email) = &user.email {
        json["email"] = email.as_str().into();
    }
    if let Some(picture_url) = &user.picture_url {
        json["profilePicture"] = picture_url.as_str().into();
    }
    json
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_show_everything_they_have() {
        let check =
            |name: &str, expected: Option<&str>| assert_eq!(check_name(name).ok().as_deref(), expected, "{name:?}");
        check(" Ann Müller ", Some("Ann Müller"));
        check("安", Some("安"));
        check(&"a".repeat(64), Some(&"a".repeat(64)));
        for bad in ["", "   ", "a\nb", "a\u{0}", "a\u{202e}b", "a\u{2066}b", &"a".repeat(65), &"安".repeat(43)] {
            check(bad, None);
        }
    }

    #[test]
    fn passwords_are_bounded_at_both_ends() {
        let check = |bytes: usize| {
            let (name, email) = ("Ann".to_owned(), "a@b".to_owned());
            let person = NewPerson { name, email, password: Password("x".repeat(bytes)), picture_url: None };
            person.checked().map(|_| ())
        };
        assert_eq!(check(PASSWORD_BYTES_MIN - 1), Err(Unfit::Password));
        assert_eq!(check(PASSWORD_BYTES_MIN), Ok(()));
        assert_eq!(check(PASSWORD_BYTES_MAX), Ok(()));
        assert_eq!(check(PASSWORD_BYTES_MAX + 1), Err(Unfit::Password));
    }

    #[test]
    fn an_address_has_one_at_and_no_spaces() {
        let check =
            |email: &str, expected: Option<&str>| assert_eq!(check_email(email).ok().as_deref(), expected, "{email:?}");
        check(" Ann@Example.com ", Some("Ann@Example.com"));
        check("a@localhost", Some("a@localhost"));
        check("ü@exämple.de", Some("ü@exämple.de"));
        for bad in
            ["", "@", "a@", "@b", "a", "a@b@c", "a b@c", "a@b\r\nBcc: d@e", &format!("{}@b.example", "a".repeat(250))]
        {
            check(bad, None);
        }
    }

    #[test]
    fn pictures_are_addresses_that_no_browser_runs() {
        let check = |url: &str, expected: Result<Option<&str>, Unfit>| {
            assert_eq!(check_picture(url), expected.map(|url| url.map(str::to_owned)), "{url}");
        };
        for good in ["https://a.example/p.png", "/files/p.png", "data:image/png;base64,AA=="] {
            check(good, Ok(Some(good)));
        }
        check(" ", Ok(None));
        for bad in
            ["javascript:alert(1)", "data:text/html,x", "p.png", "JAVASCRIPT:x", &format!("/{}", "a".repeat(2_048))]
        {
            check(bad, Err(Unfit::Picture));
        }
    }
}
