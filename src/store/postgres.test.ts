import { describe, it } from 'vitest';
import { postgresPlaces, postgresUrl } from './places.fake.ts';
import { storeContract } from './store.contract.ts';

if (postgresUrl === undefined) {
  describe('a store on PostgreSQL', () => {
    it.skip('skipped: GOODHART_TEST_POSTGRES is not set; scripts/postgres.sh npm test brings one', () => {});
  });
} else storeContract('a store on PostgreSQL', () => postgresPlaces(postgresUrl as string));
