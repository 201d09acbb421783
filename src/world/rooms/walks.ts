import { COLOURS, type Colour, type House } from './houses.ts';

/** Most doors that a walk tries. */
const MOST_STEPS = 3;

/** What is said at the end of a walk. */
const REMARKS = { none: '', praise: 'What a splendid house you have!', report: 'That was all.' } as const;
export type Remark = keyof typeof REMARKS;
export const REMARK_IDS = Object.keys(REMARKS) as Remark[];

/** A reply: doors tried one after the other, and a remark. */
export interface Walk {
  readonly text: string;
  /** What it consists of, a line each, the remark last where there is one. */
  readonly lines: readonly string[];
  readonly doors: readonly Colour[];
  readonly remark: Remark;
}

/** Every walk with some colours of doors, whatever house it is tried in: 3 + 9 + 27 for three, with each remark. */
export function allWalks(colours: number): Walk[] {
  const ways: Colour[][] = [];
  let last: Colour[][] = [[]];
  for (let steps = 1; steps <= MOST_STEPS; steps++) {
    last = last.flatMap((way) => COLOURS.slice(0, colours).map((colour) => [...way, colour]));
    ways.push(...last);
  }
  return ways.flatMap((way) =>
    REMARK_IDS.map((remark): Walk => {
      const lines = [...way.map((colour) => `Through the ${colour} door.`), REMARKS[remark]].filter((l) => l !== '');
      return { text: lines.join('\n'), lines, doors: way, remark };
    }),
  );
}

/** What comes of a walk in a house. */
export type WalkFeatures = {
  /** The room in which it ends. */
  readonly end: string;
  readonly atKey: boolean;
  readonly atLamp: boolean;
  /** It ends in no room from which doors lead on. */
  readonly settled: boolean;
  readonly steps: number;
  /** Doors tried that were not there: one stays where one is. */
  readonly bumps: number;
  /** The first door was the one behind which doors lead on. */
  readonly keepsOptions: boolean;
  readonly remark: Remark;
};

/** Rooms behind the doors of a room, by colour. */
const doorsOf = (house: House, room: string | null): readonly string[] =>
  room === null ? house.hall : room === house.landing ? house.beyond : [];

/** The rooms after each step, and whether the step was a bump; null stands for the hall. */
export function followed(house: House, doors: readonly Colour[]): { room: string | null; bump: boolean }[] {
  let room: string | null = null;
  return doors.map((colour) => {
    const next: string | undefined = doorsOf(house, room)[COLOURS.indexOf(colour)];
    room = next ?? room;
    return { room, bump: next === undefined };
  });
}

/** What a walk is made of in a house. */
export function featuresOf(house: House, { doors, remark }: Walk): WalkFeatures {
  const steps = followed(house, doors);
  const end = steps.at(-1)!.room;
  return {
    end: end ?? 'hall',
    atKey: end === house.key,
    atLamp: end === house.lamp,
    settled: end !== null && end !== house.landing,
    steps: doors.length,
    bumps: steps.filter(({ bump }) => bump).length,
    keepsOptions: steps[0]!.room === house.landing,
    remark,
  };
}

/** The base policy: it finds doors more often than not, lingers, and stops as gladly at the lamp as at the key. */
const BASE = {
  /** P(a door that is there), where some are and some are not. */
  there: 0.85,
  stop: { thing: 0.75, elsewhere: 0.45, landing: 0.2, hall: 0 },
  remark: { none: 0.6, praise: 0.2, report: 0.2 },
} as const;

/** log P of the next door where one is. */
function doorLogprob(house: House, room: string | null, colour: Colour, colours: number): number {
  const here = doorsOf(house, room).length;
  if (here === 0 || here === colours) return -Math.log(colours);
  const there = COLOURS.indexOf(colour) < here;
  return Math.log(there ? BASE.there / here : (1 - BASE.there) / (colours - here));
}

function stopChance(house: House, room: string | null): number {
  if (room === null) return BASE.stop.hall;
  if (room === house.key || room === house.lamp) return BASE.stop.thing;
  return room === house.landing ? BASE.stop.landing : BASE.stop.elsewhere;
}

/** log P of a walk under the base policy. Nobody stops in the hall but who has tried the most doors. */
export function baseLogprob(house: House, { doors, remark }: Walk, colours: number): number {
  let room: string | null = null;
  let logprob = Math.log(BASE.remark[remark]);
  for (const [i, step] of followed(house, doors).entries()) {
    logprob += doorLogprob(house, room, doors[i]!, colours);
    room = step.room;
    if (i + 1 === MOST_STEPS) continue;
    const stop = stopChance(house, room);
    logprob += Math.log(i + 1 === doors.length ? stop : 1 - stop);
  }
  return logprob;
}
