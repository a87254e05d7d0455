//! Characters that HTML writes by name.

/// The names of U+00A0 to U+00FF, in order.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 \
                     acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde \
                     Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute \
                     Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde \
                     auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute \
                     ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";
/// Other names in prose.
const OTHERS: [(&str, char); 32] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("lsaquo", '‹'),
    ("rsaquo", '›'),
    ("hellip", '…'),
    ("bull", '•'),
    ("dagger", '†'),
    ("Dagger", '‡'),
    ("permil", '‰'),
    ("prime", '′'),
    ("Prime", '″'),
    ("euro", '€'),
    ("trade", '™'),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("minus", '−'),
];
/// Longest name or number of a character.
const MAX_NAME: usize = 10;

/// The character at the beginning of a text after `&`, and the number of bytes up to its semicolon.
pub(crate) fn entity(rest: &str) -> Option<(char, usize)> {
    let end = rest.bytes().take(MAX_NAME).position(|byte| byte == b';')?;
    let name = &rest[..end];
    let number = name.strip_prefix('#').map(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok().and_then(char::from_u32),
        None => digits.parse().ok().and_then(char::from_u32),
    });
    let latin = || {
        let index = LATIN.split_ascii_whitespace().position(|known| known == name)?;
        char::from_u32(0xa0 + index as u32)
    };
    let named = || OTHERS.iter().find(|(known, _)| *known == name).map(|(_, c)| *c).or_else(latin);
    number.unwrap_or_else(named).map(|c| (c, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_named_or_numbered() {
        for (text, expected) in [
            ("amp; x", Some(('&', 4))),
            ("eacute;", Some(('é', 7))),
            ("nbsp;", Some(('\u{a0}', 5))),
            ("yuml;", Some(('ÿ', 5))),
            ("#233;", Some(('é', 5))),
            ("#xE9;", Some(('é', 5))),
            ("#xD800;", None),
            ("unknown;", None),
            ("a b;", None),
            ("é", None),
        ] {
            assert_eq!(entity(text), expected, "{text}");
        }
    }
}
