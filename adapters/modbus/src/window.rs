//! How many requests a TCP gateway is given at once: as many as it has proved to bear. Pure.
//!
//! Begins with one, grows by one after enough answers with every place taken, and halves when a request failed in company.
//! Each fall doubles the answers that the next growth takes, so that a gateway's bound is not tried over and over.

/// Answers with every place taken before one more request is tried.
const FIRST_PROOF: u32 = 16;
const LONGEST_PROOF: u32 = 4_096;

/// The places for requests on one bus.
#[derive(Debug)]
pub(crate) struct Window {
    most: usize,
    places: usize,
    proved: u32,
    proof: u32,
}

impl Window {
    pub(crate) fn new(most: usize) -> Self {
        Self { most: most.max(1), places: 1, proved: 0, proof: FIRST_PROOF }
    }

    /// How many requests may be under way.
    pub(crate) fn places(&self) -> usize {
        self.places
    }

    /// An answer came while so many requests were under way, itself included.
    pub(crate) fn answered(&mut self, under_way: usize) {
        if self.places == self.most || under_way < self.places {
            return;
        }
        self.proved += 1;
        if self.proved >= self.proof {
            self.places += 1;
            self.proved = 0;
        }
    }

    /// A request failed in company.
    pub(crate) fn too_many(&mut self) {
        self.places = (self.places / 2).max(1);
        self.proof = self.proof.saturating_mul(2).min(LONGEST_PROOF);
        self.proved = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_with_proof_and_halves_with_trouble() {
        let mut window = Window::new(4);
        let prove = |window: &mut Window, times: u32| {
            (0..times).for_each(|_| window.answered(window.places()));
        };
        prove(&mut window, 48);
        assert_eq!(window.places(), 4);
        window.too_many();
        assert_eq!(window.places(), 2);
        prove(&mut window, 16);
        assert_eq!(window.places(), 2, "it takes more proof than before");
        prove(&mut window, 48);
        assert_eq!(window.places(), 4);
        for _ in 0..40 {
            window.too_many();
        }
        assert_eq!((window.places(), window.proof), (1, LONGEST_PROOF));
    }

    #[test]
    fn answers_with_places_free_prove_nothing_and_one_is_never_exceeded_by_default() {
        let mut window = Window::new(2);
        prove_nothing(&mut window);
        let mut single = Window::new(1);
        (0..1_000).for_each(|_| single.answered(1));
        assert_eq!((window.places(), single.places()), (1, 1));
    }

    fn prove_nothing(window: &mut Window) {
        (0..1_000).for_each(|_| window.answered(0));
    }
}
