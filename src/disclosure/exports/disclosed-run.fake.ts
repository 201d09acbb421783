import { type Finding, runAudit } from '../../audit/index.ts';
import { buildDisclosure, INTERVAL_LABEL } from '../build.ts';
import { DISCLOSURE_IDS } from '../items.ts';
import { DETAIL_IDS, type DetailId, type Details } from './details.ts';
import type { DisclosedFile, DisclosedModel, DisclosedRun } from './disclosed-run.ts';

/** A run with every part, made of small numbers that no two of are alike. */
const FILE = 'numbers.json';
const NUMBERS = {
  texts: 8011,
  raters: { human: 3, simulated: 4 },
  origins: { 'base model': 19 },
  judgments: { comparison: 57 },
  alpha: { value: 0.4546585, interval: { low: 0.4224033, high: 0.4845579, level: 0.95 } },
  members: 3,
  accuracy: 0.6632421,
  accuracyInterval: { low: 0.6221461, high: 0.7060787, level: 0.95 },
  ece: 0.1162134,
  gold: 1.2345678,
  plan: 7,
};

const digest = (path: string) => Buffer.from(path).toString('hex').padEnd(64, '0').slice(0, 64);
const file = (path: string, withheld = 0): DisclosedFile => ({
  path,
  bytes: path.length,
  sha256: digest(path),
  withheld,
});

/** Two replies a prompt, half a unit apart; length adds as much as that and more; one edit could not be scored. */
const edits = Array.from({ length: 48 }, (_, i) => ({
  promptId: `p${i >> 1}`,
  feature: 'length',
  before: (i % 2) / 2,
  after: i === 0 ? null : (i % 2) / 2 + 0.5 + (i % 5) / 10,
}));
/** Findings of every kind of verdict: what was audited, and the same with other verdicts. */
function findingsOf(said: (text: string) => string): Finding[] {
  const audited = runAudit({ 'counterfactual-edits': edits.filter(({ after }) => after !== null) } as never, {
    seed: 3,
  });
  const assessed = audited.find(({ verdict }) => verdict !== 'not-assessed')!;
  const as = (challenge: Finding['challenge'], verdict: Finding['verdict']): Finding => ({
    ...assessed,
    challenge,
    verdict,
    probe: `${verdict} of ${challenge}`,
    unscored: 1,
    estimand: said(assessed.estimand),
  });
  return [
    ...audited,
    as('R4', 'concern'),
    as('R3', 'clear'),
    as('H4', 'inconclusive'),
    as('P1', 'failure'),
    as('J1', 'inconclusive'),
  ];
}

const DECLARED = {
  D1: 'learned from texts of a town',
  D9: 'looked at by a person from outside',
  D10: 'may please rather than help',
  D11: 'watched once a week',
} as const;

const model = (role: DisclosedModel['role'], shape: DisclosedModel['shape'] = [['width', 64]]): DisclosedModel => ({
  role,
  name: `${role} of town`,
  architecture: 'transformer',
  shape,
  parameters: 12345,
  files: [file(`checkpoints/${role}/state.bin`)],
});

/** Such a run; `said` may alter every text that somebody else wrote, `withheld` makes it a public copy. */
export function disclosedRunOf({
  said = (text: string): string => text,
  models = ['policy', 'reward', 'base'] as readonly DisclosedModel['role'][],
  withheld = false,
} = {}): DisclosedRun {
  const findings = findingsOf(said);
  const place = (
    item: 'D1' | 'D2' | 'D3' | 'D4' | 'D5' | 'D6' | 'D7' | 'D8' | 'D11',
    label: string,
    pointer: string,
  ) => ({
    item,
    label,
    file: FILE,
    pointer,
    basis: item === 'D6' ? ('configuration' as const) : ('evidence' as const),
  });
  const disclosure = buildDisclosure({
    run: 'town',
    statements: [
      place('D1', said('training texts'), '/texts'),
      place('D2', said('raters by kind'), '/raters'),
      place('D3', said('items by origin'), '/origins'),
      place('D4', said('judgments by kind'), '/judgments'),
      { ...place('D5', said('agreement'), '/alpha/value'), better: 'higher' },
      place('D5', INTERVAL_LABEL, '/alpha/interval'),
      place('D6', said('members'), '/members'),
      { ...place('D7', said('accuracy'), '/accuracy'), better: 'higher' },
      place('D7', INTERVAL_LABEL, '/accuracyInterval'),
      { ...place('D7', said('calibration error'), '/ece'), better: 'lower' },
      { ...place('D8', said('gold reward'), '/gold'), better: 'higher' },
    ],
    declarations: Object.fromEntries(
      Object.entries(DECLARED).map(([id, text]) => [
        id,
        { text: said(text), author: said('A. Person'), date: '2026-01-02' },
      ]),
    ),
    findings,
    findingsFile: 'findings.json',
    read: () => NUMBERS,
  });
  return {
    name: 'town',
    seed: 3,
    command: said('goodhart run town.yaml'),
    versions: [
      ['goodhart', '0.1.0'],
      ['node', said('v20.19.0')],
    ],
    startedAt: '2026-01-02T03:04:05.000Z',
    finishedAt: '2026-01-02T04:04:05.000Z',
    seal: digest('seal of the town'),
    disclosure,
    findings,
    data: { layout: 'ground', digest: said('ground:harbour') },
    counts: {
      items: [
        ['train', 15],
        ['heldOut', 4],
      ],
      judgments: [['comparison', 57]],
      raters: [
        ['human', 3],
        ['simulated', 4],
      ],
      origins: [[said('base model'), 19]],
      selections: [[said('random'), 19]],
      prompts: [['train', 54]],
    },
    models: models.map((role) => model(role)),
    files: [
      file('feedback/items.jsonl'),
      file('feedback/judgments.jsonl', withheld ? 2 : 0),
      ...(withheld ? [] : [file('evidence/counterfactual-edits.jsonl')]),
    ],
    reviews: [
      {
        about: 'D7',
        conclusion: 'qualified',
        text: said('rests on few overlaps'),
        line: 2,
        role: 'reviewer',
        fingerprint: digest('key of a reviewer'),
        declaredAt: '2026-02-03T00:00:00.000Z',
        access: { model: 'AL2', information: 'AL1', time: 'AL3' },
        assurance: 'AAL-1',
        ofThisSeal: true,
      },
    ],
    withheld: withheld
      ? [
          {
            path: 'feedback/judgments.jsonl',
            count: 2,
            reason: 'personal-data',
            justification: said('asked for by whom it names'),
          },
          {
            path: 'evidence/counterfactual-edits.jsonl',
            count: 1,
            reason: 'trade-secret',
            justification: said('as a whole'),
          },
        ]
      : [],
  };
}

/** A detail that nothing else says. */
export const detailText = (id: DetailId): string => (id === 'languages' ? 'qqa, qqb' : `detail of ${id} here`);

export const everyDetail = (said = (text: string): string => text): Details => ({
  author: said('B. Person'),
  date: '2026-02-03',
  details: Object.fromEntries(DETAIL_IDS.map((id) => [id, id === 'languages' ? detailText(id) : said(detailText(id))])),
});

export const ITEM_COUNT = DISCLOSURE_IDS.length;
