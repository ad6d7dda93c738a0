//! Rows by many ids, ten in a statement: one statement for each is most of what a list costs, and
//! one of any length would be prepared anew for each length.

/// The ids ten by ten; the last ten are filled up with its last one, which finds no row twice.
pub fn tens<T: Copy>(ids: &[T]) -> impl Iterator<Item = [T; 10]> {
    ids.chunks(10).filter_map(|some| {
        let last = *some.last()?;
        Some(std::array::from_fn(|index| some.get(index).copied().unwrap_or(last)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_asked_for_and_none_that_was_not_given() {
        for count in 0..=31 {
            let ids: Vec<usize> = (0..count).collect();
            let mut asked: Vec<usize> = tens(&ids).flatten().collect();
            assert_eq!(asked.len(), count.div_ceil(10) * 10);
            asked.dedup();
            assert_eq!(asked, ids);
        }
    }
}
