import { describe, expect, it } from 'vitest';
import type { Attack } from '../audit/index.ts';
import { ATTACK_KINDS, redTeamOf } from './red-team.ts';

const attack = (promptId: string, name: string, success: boolean | null, more: Partial<Attack> = {}): Attack => ({
  promptId,
  attack: name,
  budget: 10,
  success,
  ...more,
});

describe('what a red team covers', () => {
  const rows = [
    ...Array.from({ length: 10 }, (_, i) => attack(`r${i}`, 'role-play', i < 3)),
    attack('r9', 'role-play', true, { budget: 90 }),
    attack('r0', 'own-idea', null),
    attack('r1', 'own-idea', false, { promptSet: 'public', attacker: { id: 'ann', kind: 'person' } }),
    attack('r2', 'encoding', true, { promptSet: 'public', attacker: { id: 'fuzzer 1.0', kind: 'program' } }),
  ];
  const found = redTeamOf(rows);
  it('counts requests that any attempt broke, with the interval, and what nobody could score', () => {
    // Four of ten requests; Wilson at 95 % is .168 to .687.
    expect(found.byAttack['role-play']).toMatchObject({
      attempts: 11,
      requests: 10,
      broken: 4,
      unscored: 0,
      budget: 90,
    });
    const { value, low, high } = found.byAttack['role-play']!.share!;
    expect([value, low.toFixed(3), high.toFixed(3)]).toEqual([0.4, '0.168', '0.687']);
    expect(found.byAttack['own-idea']).toMatchObject({ attempts: 2, unscored: 1, requests: 1, broken: 0 });
    expect(found.all).toMatchObject({ attempts: 14, unscored: 1, requests: 10, broken: 4 });
    expect(redTeamOf([attack('a', 'x', null)]).all.share).toBeNull();
  });
  it('names sets of prompts and programs, no person, and the kinds that were not tried', () => {
    expect(found.byPromptSet).toEqual({ public: expect.objectContaining({ attempts: 2, broken: 1 }) });
    expect(found.attackers).toEqual({ people: 'fewer than 5', programs: ['fuzzer 1.0'], unknown: 12 });
    expect(JSON.stringify(found)).not.toContain('ann');
    expect(found.notTried).toEqual(ATTACK_KINDS.filter((kind) => kind !== 'role-play' && kind !== 'encoding'));
    const crowd = ['a', 'b', 'c', 'd', 'e'].map((id) => attack(id, 'x', true, { attacker: { id, kind: 'person' } }));
    expect(redTeamOf(crowd).attackers.people).toBe(5);
    expect(Object.keys(redTeamOf([attack('a', '__proto__', true)]).byAttack)).toEqual(['__proto__']);
  });
});
