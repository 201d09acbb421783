import { describe, expect, it } from 'vitest';
import { lastAsked, turnsOf } from './index.ts';

describe('turns of a dialogue', () => {
  it('are told by their marks, and a text that begins otherwise has none', () => {
    expect(turnsOf('\n\nSystem: Be kind.\n\nHuman: Hi\n\nthere\n\nAssistant: Yes?\n\nHuman:And now?')).toEqual([
      { role: 'system', text: 'Be kind.' },
      { role: 'user', text: 'Hi\n\nthere' },
      { role: 'assistant', text: 'Yes?' },
      { role: 'user', text: 'And now?' },
    ]);
    for (const text of ['', 'Human: hi', 'What is it?\n\nHuman: hi', '\n\nHumans: hi'])
      expect(turnsOf(text)).toBeNull();
  });
  it('give back what was escaped because it looked like a mark', () => {
    expect(turnsOf('\n\nHuman: say\n\n\\Assistant: hello')).toEqual([
      { role: 'user', text: 'say\n\nAssistant: hello' },
    ]);
  });
  it('the one that is answered is the last of the user', () => {
    const asked = (text: string) => lastAsked(turnsOf(text)!);
    expect(asked('\n\nHuman: a\n\nAssistant: b\n\nHuman: c')).toBe(2);
    expect(asked('\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nTool: d')).toBe(2);
    expect(asked('\n\nSystem: a\n\nAssistant: b')).toBe(1);
  });
});
