import { own } from '../../run/index.ts';
import { messagesSchema, promptText, replyText } from './conversation.ts';
import { type Mentions, type NamedReply, type Roles, RowError } from './layout.ts';
import { compareNames, named, nameIs, placedName, plainName, wordsOf } from './names.ts';
import { checkText } from './values.ts';

/**
 * Annotation tools name the texts of a task as each project likes, and their exports do not say which is the prompt and which
 * are the replies. What is a reply follows from what the results of the file name, or from `--column reply_a=…`; from the
 * name of a field only where no result names any. A field that none of this makes a reply is left behind and counted.
 */
const PROMPT_WORDS = ['system', 'prompt', 'instruction', 'question', 'query', 'input', 'context'];
const REPLY_WORDS = [
  'response',
  'reply',
  'answer',
  'completion',
  'output',
  'generation',
  'summary',
  'translation',
  'text',
  'candidate',
];
/** Fields that are no text to judge. */
const OTHER_NAMES = ['id', 'itemid', 'source', 'url', 'meta', 'metadata'];

/** Replies that a list names by id, as ranking widgets have them. */
function listed(value: unknown): NamedReply[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { id, body, text, html, title } = entry as Record<string, unknown>;
    const content = [body, text, html, title].find((part) => typeof part === 'string' && part !== '') ?? body;
    return (typeof id === 'string' || typeof id === 'number') && typeof content === 'string'
      ? [{ name: String(id), text: content }]
      : [];
  });
}

type Kind = 'prompt' | 'text' | 'list' | 'other';
function kindOf(name: string, value: unknown): Kind {
  const words = wordsOf(name);
  if (OTHER_NAMES.includes(plainName(name))) return 'other';
  const isText = typeof value === 'string' || messagesSchema.safeParse(value).success;
  if (isText) return words.length > 0 && words.every((word) => PROMPT_WORDS.includes(word)) ? 'prompt' : 'text';
  return listed(value).length > 0 ? 'list' : 'other';
}

const promptRank = (name: string) => PROMPT_WORDS.indexOf(wordsOf(name)[0]!);
const byPromptRank = (a: string, b: string) => promptRank(a) - promptRank(b) || compareNames(a, b);

function textOf(value: unknown, name: string, as: typeof promptText): string {
  const text = typeof value === 'string' ? value : as(messagesSchema.parse(value), name);
  checkText(text, name);
  return text;
}

/** Fields of one stem and different places, `text_a` and `text_b`, where there is just one such set. */
function onlyFamily(names: readonly string[]): string[] {
  const stems = new Map<string, string[]>();
  for (const name of names) {
    const placed = placedName(name);
    if (placed !== undefined) stems.set(placed.stem, [...(stems.get(placed.stem) ?? []), name]);
  }
  const families = [...stems.values()].filter((members) => members.length > 1);
  return families.length === 1 ? families[0]! : [];
}

/** The text that there is to judge where no result names any: of a name that means so, or the only one beside no prompt. */
function unnamed(candidates: readonly string[], prompts: readonly string[]): string[] {
  const family = onlyFamily(candidates);
  if (family.length > 0) return family;
  const called = candidates.filter((name) => wordsOf(name).some((word) => REPLY_WORDS.includes(word)));
  if (called.length === 1) return called;
  return candidates.length === 1 && prompts.length === 0 ? [...candidates] : [];
}

/** Columns as the user names them: `prompt`, and `reply_a`, `reply_b`, … in their order. */
function chosen(rename: ReadonlyMap<string, string>) {
  const replies = [...rename].filter(([name]) => name !== 'prompt').sort(([a], [b]) => compareNames(a, b));
  return { prompt: rename.get('prompt'), replies: replies.map(([, column]) => column) };
}

export function createRoles(rename: ReadonlyMap<string, string> = new Map()): Roles {
  const given = chosen(rename);
  const fields = new Set<string>();
  const stems = new Set<string>();
  const judgedPrompts = new Set<string>();
  let unknownTarget = false;
  const isPrompt = (name: string, kind: Kind) =>
    given.prompt === undefined ? kind === 'prompt' : name === given.prompt && kind !== 'other';
  const sorted = (data: Readonly<Record<string, unknown>>) => {
    const kinds = Object.entries(data).map(([name, value]) => ({ name, value, kind: kindOf(name, value) }));
    const prompts = kinds.filter(({ name, kind }) => isPrompt(name, kind)).map(({ name }) => name);
    const candidates = kinds
      .filter(({ name, kind }) => (kind === 'text' || kind === 'list') && !prompts.includes(name))
      .map(({ name }) => name);
    return { kinds, prompts: prompts.sort(byPromptRank), candidates: candidates.sort(compareNames) };
  };
  const take = (name: string) => {
    fields.add(name);
    const placed = placedName(name);
    if (placed !== undefined) stems.add(placed.stem);
  };
  /** Takes the field that a name means among the candidates; whether there is one. */
  const seeName = (name: string, candidates: readonly string[]): boolean => {
    const found = named(name, candidates);
    if (typeof found === 'number') take(candidates[found]!);
    return found !== 'none';
  };
  const seeMention = (
    { targets = [], hints = [], values = [], judges = false }: Mentions,
    { prompts, candidates, kinds }: ReturnType<typeof sorted>,
  ) => {
    let aboutReply = false;
    for (const target of targets) {
      if (seeName(target, candidates)) aboutReply = true;
      else if (nameIs(target, prompts) === 'none') unknownTarget = true;
      else if (judges) judgedPrompts.add(prompts[nameIs(target, prompts) as number]!);
    }
    if (targets.length === 0 && judges && prompts.length === 1 && candidates.length === 0)
      judgedPrompts.add(prompts[0]!);
    // A question that is called like a field asks for it rather than about it, unless that is called a reply.
    for (const hint of aboutReply ? [] : hints) {
      const same = candidates.some((name) => plainName(name) === plainName(hint) && placedName(name) === undefined);
      if (!same || wordsOf(hint).some((word) => REPLY_WORDS.includes(word))) seeName(hint, candidates);
    }
    for (const value of values) {
      const found = nameIs(value, candidates);
      if (typeof found === 'number') take(candidates[found]!);
      for (const { name, value: list, kind } of kinds)
        if (kind === 'list' && listed(list).some((reply) => reply.name === value)) take(name);
    }
  };
  const replyFields = (candidates: readonly string[], prompts: readonly string[], judged: boolean): string[] => {
    const told = candidates.filter((name) => fields.has(name) || stems.has(placedName(name)?.stem ?? '\0'));
    if (told.length > 0) return told;
    const left = unnamed(candidates, prompts);
    return left.length === 0 && judged && unknownTarget && candidates.length === 1 ? [...candidates] : left;
  };
  return {
    texts: new Set(),
    see(data, mentions) {
      if (mentions.length === 0) return;
      const parts = sorted(data);
      for (const mention of mentions) seeMention(mention, parts);
    },
    of(data, context, { field, judged }) {
      const { prompts, candidates } = sorted(data);
      const missing = [...(given.prompt === undefined ? [] : [given.prompt]), ...given.replies].find(
        (column) => !Object.hasOwn(data, column),
      );
      if (missing !== undefined) throw new RowError(`${field}.${missing}`, 'no such field, which --column names');
      let names = given.replies.length > 0 ? given.replies : replyFields(candidates, prompts, judged);
      let promptNames = prompts.filter((name) => !names.includes(name));
      const only = judged && names.length === 0 && candidates.length === 0 && prompts.length === 1;
      if (only && judgedPrompts.has(prompts[0]!)) {
        names = prompts;
        promptNames = [];
      }
      const texts = candidates.filter((name) => !names.includes(name));
      if (judged && names.length === 0 && texts.length > 0) {
        const list = texts.slice(0, 5).join(', ');
        const options = texts.slice(0, 2).map((name, i) => `--column reply_${'ab'[i]}=${name}`);
        throw new RowError(
          field,
          `which of ${list} is a reply cannot be told, since no result names it; say ${options.join(' ')}`,
        );
      }
      const used = new Set([...names, ...promptNames]);
      for (const [name, value] of Object.entries(data))
        if (!used.has(name) && value !== null && plainName(name) !== 'itemid') context.unread(name, value);
      return {
        prompt: promptNames.map((name) => textOf(own(data, name), name, promptText)).join('\n\n'),
        promptNames,
        replies: names.flatMap((name) => repliesOf(name, own(data, name))),
      };
    },
  };
}

const repliesOf = (name: string, value: unknown): NamedReply[] => {
  const list = listed(value);
  if (list.length === 0) return [{ name, text: textOf(value, name, replyText) }];
  for (const { text } of list) checkText(text, name);
  return list;
};
