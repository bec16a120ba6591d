//! Character classes and escapes of Go's regular expressions.

/// A class, written for the `regex` crate: the inside of its brackets, which are never nested any further
/// than by `[^…]` of one part.
pub(super) struct Class {
    negated: bool,
    parts: String,
}

impl Class {
    pub(super) fn render(&self, fold_case: bool) -> String {
        let text = match (self.parts.is_empty(), self.negated) {
            // A part can be empty (surrogates): the crate would take `[]` for an unclosed class.
            (true, false) => r"[^\x{0}-\x{10ffff}]".to_owned(),
            (true, true) => r"[\x{0}-\x{10ffff}]".to_owned(),
            (false, negated) => format!("[{}{}]", if negated { "^" } else { "" }, self.parts),
        };
        if fold_case { format!("(?i:{text})") } else { text }
    }
}

/// `\d`, `\pN`, `\P{Greek}` … at the start of `text`, with its length; `None` if it is another escape.
pub(super) fn escaped(text: &str) -> Result<Option<(Class, usize)>, String> {
    Ok(part(text)?.map(|(parts, length)| (Class { negated: false, parts }, length)))
}

/// A `[…]` at the start of `text`, with its length.
pub(super) fn bracketed(text: &str) -> Result<(Class, usize), String> {
    let negated = text[1..].starts_with('^');
    let mut at = if negated { 2 } else { 1 };
    let mut parts = String::new();
    let mut is_first = true;
    while is_first || !text[at..].starts_with(']') {
        is_first = false;
        let rest = &text[at..];
        if let Some((named, length)) = posix(rest)? {
            parts.push_str(named);
            at += length;
            continue;
        }
        if let Some((escaped, length)) = part(rest)? {
            parts.push_str(&escaped);
            at += length;
            continue;
        }
        let (low, length) = class_char(rest, text)?;
        at += length;
        let mut high = low;
        let after = &text[at..];
        if after.starts_with('-') && after.len() > 1 && !after[1..].starts_with(']') {
            let (end, length) = class_char(&after[1..], text)?;
            at += 1 + length;
            if end < low {
                let range = &rest[..rest.len() - text[at..].len()];
                return Err(format!("invalid character class range: `{range}`"));
            }
            high = end;
        }
        parts.push_str(&format!(r"\x{{{:x}}}-\x{{{:x}}}", low as u32, high as u32));
    }
    Ok((Class { negated, parts }, at + 1))
}

fn class_char(text: &str, whole: &str) -> Result<(char, usize), String> {
    match text.chars().next() {
        None => Err(format!("missing closing ]: `{whole}`")),
        Some('\\') => escaped_char(text),
        Some(c) => Ok((c, c.len_utf8())),
    }
}

/// An escape that stands for one character, with its length.
pub(super) fn escaped_char(text: &str) -> Result<(char, usize), String> {
    let Some(c) = text[1..].chars().next() else {
        return Err("trailing backslash at end of expression: ``".to_owned());
    };
    let mut at = 1 + c.len_utf8();
    let next = |at: usize| text[at..].chars().next();
    let is_octal = |c: Option<char>| c.is_some_and(|c| ('0'..='7').contains(&c));
    let code = match c {
        '0'..='7' if c == '0' || is_octal(next(at)) => {
            let mut code = c as u32 - '0' as u32;
            for _ in 1..3 {
                let Some(digit) = next(at).and_then(|c| c.to_digit(8)) else { break };
                code = code * 8 + digit;
                at += 1;
            }
            Some(code)
        }
        'x' => {
            let (code, end) = hex(text, at);
            at = end;
            code
        }
        'a' => Some(7),
        'f' => Some(12),
        'n' => Some(10),
        'r' => Some(13),
        't' => Some(9),
        'v' => Some(11),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c as u32),
        _ => None,
    };
    let wrong = || format!("invalid escape sequence: `{}`", &text[..at]);
    // A surrogate can stand in no text; the replacement character is what Go would compare with.
    let code = code.ok_or_else(wrong)?;
    Ok((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), at))
}

/// The digits after `\x`, and where reading stopped.
fn hex(text: &str, mut at: usize) -> (Option<u32>, usize) {
    let mut next = || {
        let c = text[at..].chars().next();
        at += c.map_or(0, char::len_utf8);
        c
    };
    let code = match next() {
        Some('{') => {
            let (mut code, mut digits) = (0u32, 0);
            loop {
                match next() {
                    Some('}') if digits > 0 => break Some(code),
                    c => match c.and_then(|c| c.to_digit(16)) {
                        Some(digit) if code * 16 + digit <= char::MAX as u32 => {
                            code = code * 16 + digit;
                            digits += 1;
                        }
                        _ => break None,
                    },
                }
            }
        }
        Some(first) => {
            let second = next();
            first.to_digit(16).zip(second.and_then(|c| c.to_digit(16))).map(|(x, y)| x * 16 + y)
        }
        None => None,
    };
    (code, at)
}

const POSIX: [(&str, &str, &str); 14] = [
    ("alnum", "0-9A-Za-z", r"\x{0}-/:-@\x{5b}-`\x{7b}-\x{10ffff}"),
    ("alpha", "A-Za-z", r"\x{0}-@\x{5b}-`\x{7b}-\x{10ffff}"),
    ("ascii", r"\x{0}-\x{7f}", r"\x{80}-\x{10ffff}"),
    ("blank", r"\x{9}\x{20}", r"\x{0}-\x{8}\x{a}-\x{1f}\x{21}-\x{10ffff}"),
    ("cntrl", r"\x{0}-\x{1f}\x{7f}", r"\x{20}-\x{7e}\x{80}-\x{10ffff}"),
    ("digit", "0-9", r"\x{0}-/:-\x{10ffff}"),
    ("graph", r"\x{21}-\x{7e}", r"\x{0}-\x{20}\x{7f}-\x{10ffff}"),
    ("lower", "a-z", r"\x{0}-`\x{7b}-\x{10ffff}"),
    ("print", r"\x{20}-\x{7e}", r"\x{0}-\x{1f}\x{7f}-\x{10ffff}"),
    (
        "punct",
        r"\x{21}-\x{2f}\x{3a}-\x{40}\x{5b}-\x{60}\x{7b}-\x{7e}",
        r"\x{0}-\x{20}0-9A-Za-z\x{7f}-\x{10ffff}",
    ),
    ("space", r"\x{9}-\x{d}\x{20}", r"\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{10ffff}"),
    ("upper", "A-Z", r"\x{0}-@\x{5b}-\x{10ffff}"),
    ("word", "0-9A-Za-z_", r"\x{0}-/:-@\x{5b}-\x{5e}`\x{7b}-\x{10ffff}"),
    ("xdigit", "0-9A-Fa-f", r"\x{0}-/:-@G-`g-\x{10ffff}"),
];

/// `[:alpha:]` or `[:^alpha:]` at the start of `text`.
fn posix(text: &str) -> Result<Option<(&'static str, usize)>, String> {
    let Some(body) = text.strip_prefix("[:") else { return Ok(None) };
    let Some(end) = body.find(":]") else { return Ok(None) };
    let (name, length) = (&body[..end], end + 4);
    let (wanted, negated) = match name.strip_prefix('^') {
        Some(name) => (name, true),
        None => (name, false),
    };
    match POSIX.iter().find(|(known, ..)| *known == wanted) {
        Some((_, plain, inverse)) => Ok(Some((if negated { inverse } else { plain }, length))),
        None => Err(format!("invalid character class range: `{}`", &text[..length])),
    }
}

/// A Perl or Unicode class at the start of `text`.
fn part(text: &str) -> Result<Option<(String, usize)>, String> {
    let Some(kind) = text.strip_prefix('\\').and_then(|rest| rest.chars().next()) else { return Ok(None) };
    let perl = match kind {
        'd' => "0-9",
        'D' => r"[^0-9]",
        's' => r"\t\n\f\r\x{20}",
        'S' => r"[^\t\n\f\r\x{20}]",
        'w' => "0-9A-Za-z_",
        'W' => "[^0-9A-Za-z_]",
        'p' | 'P' => return unicode(text, kind == 'P').map(Some),
        _ => return Ok(None),
    };
    Ok(Some((perl.to_owned(), 2)))
}

fn unicode(text: &str, mut negated: bool) -> Result<(String, usize), String> {
    let wrong = |place: &str| format!("invalid character class range: `{place}`");
    let (name, length) = match text[2..].chars().next() {
        None => ("", 2),
        Some('{') => {
            let end = text.find('}').ok_or_else(|| wrong(text))?;
            (&text[3..end], end + 1)
        }
        Some(c) => (&text[2..2 + c.len_utf8()], 2 + c.len_utf8()),
    };
    let mut bare = name;
    if let Some(inner) = name.strip_prefix('^') {
        negated = !negated;
        bare = inner;
    }
    let table = table(bare).ok_or_else(|| wrong(&text[..length]))?;
    Ok((if negated { format!("[^{table}]") } else { table }, length))
}

const CATEGORIES: [&str; 34] = [
    "Cc", "Cf", "Co", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl", "No", "P",
    "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs",
];

/// The Unicode table of that name. Go knows categories by their short and scripts by their long names, in
/// exactly this spelling; the crate is laxer.
fn table(name: &str) -> Option<String> {
    match name {
        "Any" => Some(r"\x{0}-\x{10ffff}".to_owned()),
        // Without the unassigned, which Go doesn't count.
        "C" => Some(r"\p{Cc}\p{Cf}\p{Co}".to_owned()),
        // Surrogates are in no valid text.
        "Cs" => Some(r"[^\x{0}-\x{10ffff}]".to_owned()),
        _ if CATEGORIES.contains(&name) => Some(format!(r"\p{{{name}}}")),
        _ if SCRIPTS.split_ascii_whitespace().any(|script| script == name) => {
            Some(format!(r"\p{{sc={name}}}"))
        }
        _ => None,
    }
}

const SCRIPTS: &str = "
    Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki
    Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee
    Chorasmian Common Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra
    Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati
    Gunjala_Gondi Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic
    Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li
    Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian
    Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek
    Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean
    Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian
    Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur
    Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic
    Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese
    Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai
    Tibetan Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square
";
