//! Memory that is held for no other reason than to be held.

use service_kit::Invalid;

/// Bytes that count as resident, because each has been written.
pub(crate) struct Ballast {
    _bytes: Vec<u8>,
}

impl Ballast {
    pub(crate) fn new(bytes: u64) -> Result<Self, Invalid> {
        let too_much = || Invalid::new("BALLAST", Some(&bytes.to_string()), "is more than can be allocated");
        let length = usize::try_from(bytes).map_err(|_| too_much())?;
        let mut memory = Vec::new();
        memory.try_reserve_exact(length).map_err(|_| too_much())?;
        // Zeros might stay a promise of the kernel.
        memory.resize(length, 1);
        Ok(Self { _bytes: std::hint::black_box(memory) })
    }
}
