import { describe, expect, it } from 'vitest';
import { atPointer } from '../disclosure/index.ts';
import { committedMonitors } from '../lab/index.ts';
import { configSchema } from './config.ts';
import { disclosurePlaces } from './disclosure-places.ts';
import { peopleSchema } from './people.ts';

const placesOf = (config: object) => disclosurePlaces(configSchema.parse({ name: 'a', ...config }));
const project = { layout: 'project', folder: 'a', livingWage: { amount: 12, currency: 'EUR' } };

describe('where a run has what it discloses', () => {
  it('is told of people in every number that is counted of them, with the wage that was stated', () => {
    const told = placesOf({ data: project }).filter(({ item }) => item === 'D2');
    const pointers = told.map(({ pointer }) => pointer);
    expect(pointers.filter((pointer) => pointer.startsWith('/people/')).sort()).toEqual(
      Object.keys(peopleSchema.shape)
        .map((name) => `/people/${name}`)
        .sort(),
    );
    expect(told.find(({ pointer }) => pointer === '/config/data/livingWage')).toMatchObject({ basis: 'configuration' });
  });
  it('names the rules that ended optimisations, which are no monitoring of what is deployed', () => {
    const monitor = { rule: 'kl-budget', nats: 1 };
    const places = placesOf({
      data: { layout: 'ground', ground: 'harbour' },
      base: {},
      feedback: {},
      policy: { monitor, variants: { reckless: { monitor: { rule: 'kl-budget', nats: 9 } } } },
    }).filter(({ item }) => item === 'D11');
    expect(places.every(({ supporting }) => supporting)).toBe(true);
    expect(places.filter(({ basis }) => basis === 'configuration').map(({ pointer }) => pointer)).toEqual([
      '/config/policy/monitor',
      '/config/policy/variants/reckless/monitor',
    ]);
    const rates = committedMonitors([
      { rule: 'kl-budget', nats: 1, action: 'stop' },
      { rule: 'kl-budget', nats: 9, action: 'stop' },
    ]);
    const measured = places.filter(({ basis }) => basis === 'evidence');
    expect(measured.length).toBe(8);
    expect(measured.map(({ pointer }) => atPointer(rates, pointer)).includes(undefined)).toBe(false);
    expect(atPointer(rates, measured[0]!.pointer)).toBe(1);
    expect(atPointer(rates, measured[4]!.pointer)).toBe(9);
  });
  it('tells of what a plan watches how often it warned in time, each signal once', () => {
    const step = { what: 'read it', owner: 'B', by: '2026-03-01', watches: 'independent-gap' };
    const plan = [step, step, { ...step, watches: undefined }];
    const config = configSchema.parse({ name: 'a', data: project });
    const told = disclosurePlaces(config, { D11: { text: 'a', author: 'A', date: '2026-01-01', plan } });
    const watched = told.filter(({ item }) => item === 'D11');
    expect(watched.map(({ pointer }) => pointer)).toContain('/signals/independent-gap/0/detected');
    expect(watched.length).toBe(4);
    const rates = committedMonitors([]);
    expect(watched.every(({ pointer }) => atPointer(rates, pointer) !== undefined)).toBe(true);
  });
});
