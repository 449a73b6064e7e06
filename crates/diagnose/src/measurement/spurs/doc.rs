//! What `faultscope explain spurs` prints.

/// The text, under the fixed headings.
pub(super) const TEXT: &str = "\
What it measures
  The spectral lines of a record: the wanted carrier, every line that the wanted signal does not own (a spur) with the
  relation that explains it, and the figures that follow from giving each bin one owner (DC, carrier, harmonic, spur,
  noise). The spectrum is an average of overlapped Blackman-Harris segments (side lobes -92 dB, so that weak lines show
  beside strong ones). A line is listed when noise alone would show one as strong anywhere in the spectrum with a
  probability below the stated one (1 % unless set otherwise), whatever the colour of the floor.

  carrier_frequency/1  frequency of the strongest line that is not DC, or of the line nearest to the frequency asked
                       for; least squares on the time record where the carrier is steady. A carrier that modulation
                       spreads over a band reads the centroid of that band.
  carrier_level/1      level of that line (0 dBFS: complex tone of amplitude 1, or real sine of peak 1); power of the
                       band for a modulated carrier.
  sfdr/1               carrier level minus the level of the strongest other line, harmonics and images included, the
                       line at the tuned centre of an I/Q record and the receiver's own lines not. Without any line: to the strongest bin of noise,
                       which is a lower bound and depends on the resolution bandwidth.
  worst_spur/1         the same, as a level relative to the carrier, with its frequency.
  spur_level/1         level of one line relative to the carrier, for each line but DC and the receiver's own.
  spur_detectable/1    level that a line needs to be found anywhere in the spectrum: 1 dB above the strongest bin of
                       noise, relative to the carrier.
  thd/1                power of the harmonics 2 to 10 (or as set) over the carrier, 10 log10; harmonics folded at half
                       the sample rate (around the rate for I/Q), noise beneath them taken off. Orders that fall on
                       the carrier or on DC are left out.
  thd_bins/1           the same sum as converter data sheets and tool boxes give it: the highest bin of the carrier, the
                       bins nearest to its harmonics, noise beneath them included. An upper bound; comparable only at
                       the same transform length, window and number of harmonics.
  thd_n/1              power of everything but DC and carrier over the carrier: minus SINAD.
  snr/1                carrier over everything but DC, carrier and those harmonics (IEEE 1241), the noise beneath the
                       owned bins filled in. Records up to 32768 samples, unless a transform is asked for: constant,
                       carrier, harmonics and spurs are fitted together by least squares (IEEE 1057), and the noise is
                       what they leave.
  sinad/1              carrier over everything but DC and carrier (IEEE 1241).
  enob/1               (SINAD - 1.76 + headroom) / 6.02, headroom being full scale over the carrier's amplitude, where
                       full scale is known, and 0 otherwise.
  im3/1, toi/1         of two equal carriers only (within 3 dB, everything else but their products 20 dB weaker): the
                       stronger product 2a - b relative to the carriers' mean level, and the lower of the intercept
                       points a + (b - product) / 2 (all levels in dB) of the two products. Products that do not stand
                       clear of the noise, or that sampling folds, are not used.
  noise_density/1      mean noise power per hertz, lines and modulated bands left out. With a window whose side lobes
                       exceed -65 dB the noise is taken from a Blackman-Harris spectrum of the same length, so that
                       what a strong line leaks does not count as noise.
  signs for the diagnosis
                       pair, pair_spacing, pair_am, pair_orders, pair_off_raster: the strongest pair of lines at equal distances
                       from the carrier beyond 2 kHz, the share of AM in it, pairs on its grid, its distance from a
                       multiple of 2.5 or 6.25 kHz in units of its own doubt; mains_pair, mains_pair_spacing, mains_pair_am: the
                       same of mains sidebands up to order 12. harmonic_rf, harmonic_if: harmonics of the carrier itself, or of its
                       offset from the tuned centre. half_line: a line at a half or three halves of the carrier.
                       second_carrier: the other parent of the strongest intermodulation product. skirt: noise at 0.6 to
                       1.6 kHz per hertz against the carrier, skirt_rise against the far noise, skirt_am the share of AM in
                       it. strongest_pair: the same as pair at any distance. shoulder: density beside a modulated band
                       against that inside, on the better side, shoulder_rise against the far noise. envelope_spread:
                       variance of the power over the square of its mean, while there is any: 0 for FM, 1 for OFDM. keyed_depth, keyed_rate, keyed_scatter: two states of the
                       level, level_share the variance of the envelope between them. noise_swing: how much wide noise changes over time. strong_lines (above
                       -25 dBc), clock_lines, unknown_lines: how many.
  Uncertainties are two standard deviations and cover noise only, not the calibration of the instrument.

What it can mean
  harmonic             amplifier in compression, bias or low-pass filter at fault, converter or input overloaded.
  intermodulation      2a-b, 3a-2b (a+b, a-b in real records): amplifier or passive intermodulation, overload.
  mains_sideband       pairs at the carrier +- k x 50 or 60 Hz: supply ripple on amplifier bias or oscillator.
  switching_sideband   pairs at 10 kHz to 3 MHz: DC/DC converter ripple on amplifier or synthesizer.
  clock                four or more lines at equal distances: digital clock or converter comb, shielding lost.
  image                mirror about the tuned centre: gain or phase imbalance of the modulator, or of the receiver.
  dc                   at the tuned centre: LO leakage of the transmitter, or the receiver's own DC line. Listed, never
                       counted.
  receiver             a line of the baseline (a capture with the input terminated, same place within two bins and level
                       within 3 dB), or an exact multiple of 28.8 MHz, the crystal of common receiving dongles. Listed,
                       never judged, never the carrier.
  alias                the carrier about a half or a quarter of the sample rate: interleaved converters.
  unknown              a line with none of these relations; external signals are among them.
  Lines inside the band of a modulated carrier belong to it and are not judged. Where the spectrum scatters more than
  noise, or the noise itself comes and goes (packets), lines below 10 dB above their surroundings count as the modulated
  signal's own; eight or more of them take what follows upward in steps below 6 dB with them, up to 26 dB. A crowd of
  weak lines without a carrier, a quarter of which smear at finer resolution, is left out likewise. The gate
  'modulated' says how many and up to which level: a spur below it would be hidden.
  steady, bursty, drifting
                       bursty: missing in some eighths of the record, or seen in single ones only (its level is then
                       that of the eighth): switched, keyed or intermittent. A line that pulses faster than an eighth of
                       the record reads as steady. drifting: its place in the eighths moves evenly by more than four
                       bins in all: an unlocked oscillator; frequency and level are those of the middle of the record.

How to confirm
  Retune the receiver by an odd step: what stays at its radio frequency is real, what moves with the centre is DC, what
  moves twice as far is an image of the receiver, what moves otherwise is an alias. Lower the drive by 1 dB: a harmonic
  of order n falls by n dB, an intermodulation product of order 3 by 3 dB. Put 10 dB in front of the receiver: products
  made in the receiver fall by more than 10 dB. Terminate the input: what stays is internal. Take the supply at the
  same time: sidebands at the ripple's frequencies come from it.

Reference
  IEEE 1241 and IEEE 1057 (SFDR, THD, SINAD, SNR, ENOB, sine fit); P. D. Welch, IEEE Trans. AU-15 (1967), averaged
  periodograms; F. J. Harris, Proc. IEEE 66 (1978), windows; H. Rohling, IEEE Trans. AES-19 (1983), order-statistic
  detection; D. C. Rife and R. R. Boorstyn, IEEE Trans. IT-20 (1974), estimation bounds.
";
