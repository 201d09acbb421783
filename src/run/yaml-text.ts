import { Lexer, Parser, parse } from 'yaml';
import { namesTwice, parseJson } from './json-text.ts';

/**
 * How large a YAML text may be. Composing one recurses, and where the stack ends inside a regular expression V8 ends the whole
 * process; keys are compared each with each. Configurations have some hundred marks.
 */
export const YAML_BOUNDS = { characters: 1_000_000, marks: 20_000, levels: 100 } as const;

const over = (bound: keyof typeof YAML_BOUNDS): SyntaxError =>
  new SyntaxError(`more than ${YAML_BOUNDS[bound]} ${bound}; write it as JSON, or make it smaller`);

/** Walks a text without recursion and stops at the first bound that it is over. */
function requireBounds(text: string): void {
  if (text.length > YAML_BOUNDS.characters) throw over('characters');
  const parser = new Parser();
  let marks = 0;
  for (const lexeme of new Lexer().lex(text)) {
    marks += 1;
    if (marks > YAML_BOUNDS.marks) throw over('marks');
    // A document is handed on when it ends; what stays behind it is told below.
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > YAML_BOUNDS.levels) throw over('levels');
  }
}

/** Parses YAML that anybody may have written; JSON is YAML, and read as that. @throws an error whose first line says what is wrong. */
export function parseYaml(text: string): unknown {
  if (/^\s*[{[]/.test(text)) {
    let value: unknown;
    try {
      value = parseJson(text);
    } catch {
      // It may still be YAML.
    }
    if (value !== undefined) {
      if (namesTwice(text, value)) throw new SyntaxError('two members of one name');
      return value;
    }
  }
  requireBounds(text);
  return parse(text, { logLevel: 'error' });
}
