/**
 * How much of the way from the reference a policy may keep so that its KL is within a budget: the largest share found by halving,
 * for which the KL was measured and is at most `nats`. `klAt` measures at a share of the way; at 0 stands the reference, whose KL is
 * 0, and nothing is asked there. KL need not grow with the share: what comes back was measured, and fits.
 */
export async function shareWithin(
  nats: number,
  klAt: (share: number) => Promise<number>,
  halvings = 8,
): Promise<{ readonly share: number; readonly kl: number }> {
  let [within, beyond] = [{ share: 0, kl: 0 }, 1];
  for (let i = 0; i < halvings; i++) {
    const share = (within.share + beyond) / 2;
    const kl = await klAt(share);
    if (kl <= nats) within = { share, kl };
    else beyond = share;
  }
  return within;
}
