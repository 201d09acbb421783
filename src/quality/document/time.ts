import type { CoursePoint, Section } from '../../report/index.ts';
import type { FeedbackReport } from '../report.ts';
import { effectText } from './words.ts';

const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** How long judgments take, and whether agreement changes over calendar time and over a rater's own session. */
export function timeSection({ time }: FeedbackReport): Section {
  const { active, fatigue } = time;
  const points = (kind: 'session' | 'calendar') =>
    time[kind].flatMap(({ from, to, agreement }, i): CoursePoint[] => {
      if ('undefined' in agreement) return [];
      const { value, interval, n } = agreement;
      const place = to === null ? `${from + 1} and later` : `${from + 1} to ${to}`;
      return [
        {
          x: kind === 'calendar' ? (from + (to ?? from)) / 2 : i,
          value,
          low: interval.low,
          high: interval.high,
          n,
          name: kind === 'calendar' ? `${day(from)} to ${day(to ?? from)}` : place,
        },
      ];
    });
  const y = 'agreement with the others';
  return {
    id: 'time',
    title: 'Time',
    note: 'How long judgments take, and whether agreement changes over calendar time and over a rater’s own session.',
    detail: true,
    blocks: [
      active === null
        ? { kind: 'text', soft: true, text: 'No active times were recorded.' }
        : {
            kind: 'plot',
            plot: {
              type: 'log-histogram',
              title: 'Active time of a judgment',
              x: 'active time (seconds, logarithmic)',
              y: 'judgments',
              bars: active.histogram.map(({ from, to, count }) => ({ from: from / 1000, to: to / 1000, count })),
              mark: { at: active.median / 1000, text: 'median' },
            },
          },
      {
        kind: 'plot',
        plot: {
          type: 'course',
          title: 'Agreement over time',
          x: 'time of submission',
          y,
          time: true,
          points: points('calendar'),
        },
      },
      {
        kind: 'plot',
        plot: {
          type: 'course',
          title: 'Agreement over a session',
          x: 'place in the rater’s own session',
          y,
          time: false,
          points: points('session'),
        },
      },
      {
        kind: 'facts',
        name: 'Fatigue',
        rows: [['Change of agreement per doubling of the place in a session', effectText(fatigue)]],
      },
    ],
  };
}
