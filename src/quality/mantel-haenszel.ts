import { type Effect, effect } from './estimates.ts';

/** Adds up 2 × 2 tables of strata for a common odds ratio. */
export class CommonOddsRatio {
  private r = 0;
  private s = 0;
  private pr = 0;
  private mixed = 0;
  private qs = 0;
  strata = 0;
  n = 0;

  /** A stratum [[a, b], [c, d]]; the odds ratio is ad / bc. Strata without both rows or both columns carry nothing. */
  add(a: number, b: number, c: number, d: number): void {
    const n = a + b + c + d;
    if (n === 0 || a + b === 0 || c + d === 0) return;
    const r = (a * d) / n;
    const s = (b * c) / n;
    const p = (a + d) / n;
    const q = (b + c) / n;
    this.r += r;
    this.s += s;
    this.pr += p * r;
    this.mixed += p * s + q * r;
    this.qs += q * s;
    this.n += n;
    this.strata += 1;
  }

  /**
   * Logarithm of the Mantel–Haenszel (1959) odds ratio with the variance of Robins, Breslow and Greenland (1986), right for
   * few large and for many sparse strata.
   */
  logOdds(): Effect {
    const { r, s } = this;
    if (r === 0 || s === 0)
      return {
        undefined: this.strata === 0 ? 'no stratum holds both rows' : 'in no stratum did outcomes differ both ways',
      };
    const variance = this.pr / (2 * r * r) + this.mixed / (2 * r * s) + this.qs / (2 * s * s);
    return effect(Math.log(r / s), Math.sqrt(variance), { n: this.n, degrees: Infinity });
  }
}
