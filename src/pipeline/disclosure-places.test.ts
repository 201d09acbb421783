import { describe, expect, it } from 'vitest';
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
    expect(places).toMatchObject([
      { pointer: '/config/policy/monitor', basis: 'configuration', supporting: true },
      { pointer: '/config/policy/variants/reckless/monitor', basis: 'configuration', supporting: true },
    ]);
  });
});
