//! "Did you mean ...?": the known word that is nearest to a mistyped one.

/// The word of `known` that is nearest to `word`, when it is near enough to be what was meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |known: &&str| strsim::damerau_levenshtein(known, word);
    known.into_iter().min_by_key(distance).filter(|known| distance(known) <= known.len() / 2)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_typing_error_is_near_and_another_word_is_not() {
        let known = ["installer", "detection", "version"];
        assert_eq!(nearest("instaler", known), Some("installer"));
        assert_eq!(nearest("versoin", known), Some("version"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("colour", []), None);
    }
}
