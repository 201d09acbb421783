import { Environment } from '@huggingface/jinja';
import { describe, expect, it, vi } from 'vitest';
import { BoundedInterpreter, TEMPLATE_BOUNDS } from '../../src/text/bounded-interpreter.ts';
import { parseTemplate, renderChat } from '../../src/text/chat-template.ts';

// Steps and sizes have to stop them by themselves: the time, on a machine with much else to do, would come first.
vi.mock('../../src/text/within.ts', () => ({ within: (_: number, work: () => unknown) => work() }));

/** Templates of strangers: programs that run on for ever, grow without end, or call themselves. */
const rendered = (source: string, content = 'hello') =>
  renderChat(parseTemplate(source), [{ role: 'user', content }], { controls: [], variables: {} });
const loop = (body: string, start = "'aaaaaaaaaa'") =>
  `{% set ns = namespace(s=${start}) %}{% for i in range(60) %}${body}{% endfor %}{{ ns.s }}`;
const set = (value: string) => `{% set ns.s = ${value} %}`;

const STEPS = /it takes more than 50000 steps/;
const SIZE = /a value of more than 4000000 characters and elements/;
const HOSTILE: readonly (readonly [string, RegExp])[] = [
  // Loops.
  ['{% for a in range(10**9) %}{% for b in range(10**9) %}{% endfor %}{% endfor %}', /range: expected at most/],
  ['{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}', STEPS],
  ['{% for a in range(500) %}{% for b in range(500) %}x{% endfor %}{% endfor %}', STEPS],
  ['{% set l = range(99999) %}{% for a in l %}{% for b in l if b > a %}{% endfor %}{% endfor %}', STEPS],
  // Texts and lists that double.
  [loop(set('ns.s + ns.s')), SIZE],
  [loop(set('ns.s ~ ns.s')), SIZE],
  [loop('{% set x %}{{ ns.s }}{{ ns.s }}{% endset %}' + set('x')), SIZE],
  [loop(set('ns.s + ns.s'), '[1]'), STEPS],
  [loop(set('[ns.s, ns.s]'), '[1]'), SIZE],
  [loop(set('{"a": ns.s, "b": ns.s}'), '1'), SIZE],
  [loop(set('namespace(a=ns.s, b=ns.s)'), '1'), STEPS],
  [loop(set('ns'), '1'), /a value is part of itself/],
  // What makes much of little.
  [loop(set("ns.s.replace('a', ns.s)")), SIZE],
  [loop(set("ns.s|replace('a', ns.s)")), SIZE],
  [loop(set("ns.s|replace('', ns.s)")), SIZE],
  [loop(`{% set f = ns.s.replace %}${set("f('a', ns.s)")}`), SIZE],
  [loop(`{% set f = ns.s['rep' ~ 'lace'] %}${set("f('a', ns.s)")}`), SIZE],
  [loop(`{% set x %}{% filter replace('a', ns.s) %}{{ ns.s }}{% endfilter %}{% endset %}${set('x')}`), SIZE],
  [loop(set('range(1000)|join(ns.s)')), SIZE],
  ["{{ 'a\nb'|indent(1000000000) }}", SIZE],
  ['{% filter indent(1000000000, true) %}a\nb{% endfilter %}', SIZE],
  ['{{ [[[1]]]|tojson(indent=1000000000) }}', SIZE],
  ["{{ range(5000)|tojson(separators=['" + 'x'.repeat(1000) + "', ':']) }}", SIZE],
  // Nothing interrupts a search.
  [
    loop(set('ns.s + ns.s'))
      .replace('60', '18')
      .replace('{{ ns.s }}', "{{ (ns.s[:99999] + 'b' + ns.s[:99999]) in ns.s }}"),
    /it looks for 199999 characters/,
  ],
  [
    loop(set('ns.s + ns.s'))
      .replace('60', '18')
      .replace('{{ ns.s }}', "{{ ns.s.split(ns.s[:99999] + 'b' + ns.s[:99999]) }}"),
    /it looks for 199999 characters/,
  ],
  // Macros that call themselves, and brackets.
  ['{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}', /it nests more than 400 deep/],
  ['{% macro f(n) %}{% if n > 0 %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}', STEPS],
  [
    '{% macro f(n) %}{{ g(n) }}{% endmacro %}{% macro g(n) %}{{ f(n) }}{% endmacro %}{{ f(0) }}',
    /it nests more than 400 deep/,
  ],
  [`{{ ${'['.repeat(1000)}${']'.repeat(1000)} }}`, /nests (more than 400 deep|too deeply)/],
  [`{{ ${'('.repeat(100_000)}1${')'.repeat(100_000)} }}`, /nests too deeply/],
  ['{% if 1 %}'.repeat(20_000) + '{% endif %}'.repeat(20_000), /nests too deeply/],
];

describe('a template of a stranger', () => {
  it('is stopped at a number of steps, whatever the machine', () => {
    const steps = (source: string, most: number) => () => {
      const environment = new Environment();
      environment.set('range', (n: number) => Array.from({ length: n }, (_, i) => i));
      new BoundedInterpreter(environment, { ...TEMPLATE_BOUNDS, steps: most }).run(parseTemplate(source));
    };
    const loops = '{% for a in range(9) %}{% for b in range(9) %}x{% endfor %}{% endfor %}';
    expect(steps(loops, 2_000)).not.toThrow();
    expect(steps(loops, 200)).toThrow('it takes more than 200 steps');
    expect(steps('{% for a in range(90) %}{% for b in range(90) %}{% endfor %}{% endfor %}', 2_000)).toThrow('steps');
  });
  it('is refused in a line where it would not end, or take all there is', () => {
    for (const [source, want] of HOSTILE) {
      const run = () => rendered(source);
      expect(run, source.slice(0, 200)).toThrow(want);
      expect(run, source.slice(0, 200)).toThrow(
        /^the chat template (refuses the conversation|cannot be read): [^\n]+$/,
      );
    }
  });
  it('does all that it could do otherwise', () => {
    const text = (source: string, content?: string) =>
      rendered(source, content)
        .map((piece) => ('text' in piece ? piece.text : ''))
        .join('');
    expect(text("{{ 'a-b-c'.replace('-', '+') }} {{ 'a-b'|replace('-', '') }} {{ [1, 2]|join(', ') }}")).toBe(
      'a+b+c ab 1, 2',
    );
    expect(text("{{ {'a': [1, {'b': none}]}|tojson(indent=2) }}")).toBe(
      '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ]\n}',
    );
    expect(text("{{ 'a\nb'|indent(2, true) }}{% filter upper %}x{% endfilter %}")).toBe('  a\n  bX');
    expect(text("{% set f = 'aXbX'.split %}{{ f('X')|length }}{{ 'b' in 'abc' }}{{ 'z' not in ['z'] }}")).toBe(
      '3truefalse',
    );
    expect(text('{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(20) }}')).toMatch(
      /^2019.*21$/,
    );
    expect(
      text(
        '{% for m in messages if m.role == "user" %}{{ loop.index }}{{ m.content|trim }}{% endfor %}',
        ' x '.repeat(500_000),
      ).length,
    ).toBe(1_499_999);
    expect(
      text(
        '{% set ns = namespace(a=1, l=[]) %}{% for i in range(50) %}{% set ns.l = ns.l + [i] %}{% endfor %}{{ ns.l[-2:]|tojson }}',
      ),
    ).toBe('[48, 49]');
  });
});
