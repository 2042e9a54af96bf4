//! A table that hands out small numbers and takes them back: for what is on its way to the owner.
//!
//! A number is used again only after it was taken out, so each is to be taken out once. Next: `handing.rs`.

/// Values under numbers.
pub(crate) struct Slab<T> {
    places: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Default for Slab<T> {
    fn default() -> Slab<T> {
        Slab { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Puts a value in; gives its number.
    pub(crate) fn insert(&mut self, value: T) -> u64 {
        match self.free.pop() {
            Some(place) => {
                self.places[place] = Some(value);
                place as u64
            }
            None => {
                self.places.push(Some(value));
                self.places.len() as u64 - 1
            }
        }
    }

    /// Takes the value of a number out.
    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        let place = usize::try_from(number).ok()?;
        let value = self.places.get_mut(place)?.take()?;
        self.free.push(place);
        Some(value)
    }

    /// Whether nothing is in.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.len() == self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_gives_its_value_once_and_is_used_again() {
        let mut slab = Slab::default();
        let (first, second) = (slab.insert("a"), slab.insert("b"));
        assert_eq!(slab.remove(first), Some("a"));
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.insert("c"), first);
        assert_eq!((slab.remove(second), slab.remove(first), slab.remove(99)), (Some("b"), Some("c"), None));
        assert!(slab.is_empty());
    }
}
