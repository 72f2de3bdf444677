// From the digits of a JSON number to the nearest double, ties to even. asc's own `parseFloat` is
// off by a bit for some numbers, which would make equal numbers differ.

/** Whether a code unit is a decimal digit. */
export function isDigit(unit: i32): bool {
  return unit >= 0x30 && unit <= 0x39;
}

/** Powers of ten that are doubles. */
const EXACT_POWERS: StaticArray<f64> = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
  1e18, 1e19, 1e20, 1e21, 1e22,
];

/** Numbers of so many digits are doubles. */
const EXACT_DIGITS: i32 = 15;

/**
 * Two doubles and the number half-way between them differ within so many digits; of those past
 * them it only counts whether they are all zero.
 */
const MOST_DIGITS: i32 = 800;

/** Exponents beyond this are as good as this. */
const MOST_EXPONENT: i32 = 100_000_000;

/**
 * The value of a JSON number, whose text is known to be one. Beyond the largest double it is
 * infinite.
 */
export function parseNumber(text: string, start: i32, end: i32): f64 {
  let at = start;
  const isNegative = text.charCodeAt(at) == 0x2d; /* - */
  if (isNegative) at++;
  const first = at;

  let digits = 0;
  let value: u64 = 0;
  let exponent = 0;
  let isFraction = false;
  for (; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit == 0x2e /* . */) {
      isFraction = true;
    } else if (isDigit(unit)) {
      if (digits > 0 || unit != 0x30 /* 0 */) digits++;
      if (digits <= EXACT_DIGITS) value = value * 10 + (unit - 0x30);
      if (isFraction) exponent--;
    } else {
      break;
    }
  }
  const last = at;
  if (digits == 0) return isNegative ? -0.0 : 0.0;
  if (at < end) exponent += parseExponent(text, at + 1, end);

  let magnitude: f64;
  if (digits <= EXACT_DIGITS && exponent >= -22 && exponent <= 22) {
    // One operation on two doubles rounds once.
    const power = EXACT_POWERS[abs(exponent)];
    magnitude = exponent < 0 ? f64(value) / power : f64(value) * power;
  } else {
    magnitude = nearest(text, first, last, digits, exponent);
  }
  return isNegative ? -magnitude : magnitude;
}

function parseExponent(text: string, start: i32, end: i32): i32 {
  let at = start;
  const sign = text.charCodeAt(at);
  if (!isDigit(sign)) at++;
  let exponent = 0;
  for (; at < end; at++) {
    exponent = min(exponent * 10 + (text.charCodeAt(at) - 0x30), MOST_EXPONENT);
  }
  return sign == 0x2d /* - */ ? -exponent : exponent;
}

/** The nearest double of digits (there may be a point among them) times a power of ten. */
function nearest(text: string, start: i32, end: i32, digits: i32, exponent: i32): f64 {
  // The number is below ten to this power, and not below a tenth of that.
  const power = digits + exponent;
  if (power > 310) return Infinity;
  if (power < -323) return 0;

  // As a fraction of two integers.
  const above = new Natural(0);
  const below = new Natural(1);
  const dropped = above.setDigits(text, start, end, digits);
  const scale = exponent + dropped;
  if (scale < 0) {
    below.multiplyByPowerOfTen(-scale);
  } else {
    above.multiplyByPowerOfTen(scale);
  }
  // As one from 1 to 2 times a power of two.
  let binary = above.bits() - below.bits();
  if (binary > 0) {
    below.shiftLeft(binary);
  } else {
    above.shiftLeft(-binary);
  }
  if (above.compare(below) < 0) {
    above.shiftLeft(1);
    binary--;
  }
  if (binary > 1023) return Infinity;

  // Long division, as many bits as the double has; it has fewer below the smallest normal one.
  const isNormal = binary >= -1022;
  const precision = isNormal ? 53 : 53 + 1022 + binary;
  if (precision < 0) return 0;
  let mantissa: u64 = 0;
  for (let bit = 0; bit < precision; bit++) {
    mantissa <<= 1;
    if (above.compare(below) >= 0) {
      above.subtract(below);
      mantissa |= 1;
    }
    above.shiftLeft(1);
  }
  const rest = above.compare(below);
  if (rest > 0 || (rest == 0 && (mantissa & 1) == 1)) mantissa++;
  // Rounding up to the next power of two carries into the exponent, as it should.
  const exponentBits = isNormal ? u64(binary + 1022) << 52 : 0;
  return reinterpret<f64>(exponentBits + mantissa);
}

/** The most that is needed: ten to the power of 800 + 324, in limbs, and some to spare. */
const LIMBS: i32 = 130;

/** A natural number of up to `LIMBS` limbs of 32 bits, the lowest first. */
class Natural {
  private readonly limbs: StaticArray<u32> = new StaticArray<u32>(LIMBS);
  /** How many limbs count; the highest of them is not zero. */
  private length: i32 = 0;

  constructor(value: u32) {
    this.multiplyAdd(1, value);
  }

  /**
   * Sets it, zero so far, to the digits of a text without the zeros they begin with. Gives how many
   * of them it left out; one that stands for those is added where they are not all zero.
   */
  setDigits(text: string, start: i32, end: i32, digits: i32): i32 {
    let taken = 0;
    let hasMore = false;
    for (let at = start; at < end; at++) {
      const unit = text.charCodeAt(at);
      if (!isDigit(unit) || (taken == 0 && unit == 0x30) /* 0 */) continue;
      if (taken < MOST_DIGITS) {
        this.multiplyAdd(10, unit - 0x30);
        taken++;
      } else if (unit != 0x30 /* 0 */) {
        hasMore = true;
      }
    }
    if (hasMore) {
      this.multiplyAdd(10, 1);
      taken++;
    }
    return digits - taken;
  }

  multiplyByPowerOfTen(power: i32): void {
    for (; power >= 9; power -= 9) this.multiplyAdd(1_000_000_000, 0);
    for (; power > 0; power--) this.multiplyAdd(10, 0);
  }

  private multiplyAdd(factor: u32, summand: u32): void {
    let carry: u64 = summand;
    for (let index = 0; index < this.length; index++) {
      carry += u64(this.limbs[index]) * factor;
      this.limbs[index] = u32(carry);
      carry >>= 32;
    }
    if (carry > 0) this.limbs[this.length++] = u32(carry);
  }

  /** How many bits it has. */
  bits(): i32 {
    return this.length == 0 ? 0 : this.length * 32 - i32(clz(this.limbs[this.length - 1]));
  }

  shiftLeft(bits: i32): void {
    const limbs = bits >> 5;
    if (limbs > 0) {
      for (let index = this.length - 1; index >= 0; index--) {
        this.limbs[index + limbs] = this.limbs[index];
      }
      for (let index = 0; index < limbs; index++) this.limbs[index] = 0;
      this.length += limbs;
    }
    let carry: u64 = 0;
    for (let index = limbs; index < this.length; index++) {
      carry |= u64(this.limbs[index]) << (bits & 31);
      this.limbs[index] = u32(carry);
      carry >>= 32;
    }
    if (carry > 0) this.limbs[this.length++] = u32(carry);
  }

  compare(other: Natural): i32 {
    if (this.length != other.length) return this.length - other.length;
    for (let index = this.length - 1; index >= 0; index--) {
      const left = this.limbs[index];
      const right = other.limbs[index];
      if (left != right) return left < right ? -1 : 1;
    }
    return 0;
  }

  /** Takes away a number that is not larger. */
  subtract(other: Natural): void {
    let borrow: i64 = 0;
    for (let index = 0; index < this.length; index++) {
      borrow += i64(this.limbs[index]);
      if (index < other.length) borrow -= i64(other.limbs[index]);
      this.limbs[index] = u32(borrow);
      borrow >>= 32;
    }
    while (this.length > 0 && this.limbs[this.length - 1] == 0) this.length--;
  }
}
