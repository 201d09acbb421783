import { QueryClient } from '@tanstack/react-query';
import { createMemoryHistory } from '@tanstack/react-router';
import { expect, it } from 'vitest';
import { createStudioRouter } from './router.tsx';
import { sessionQuery, type User } from './session.tsx';

/** The page that someone gets to see at an address, and what it takes from the address; undefined when sent elsewhere. */
async function shown(address: string, role: User['role'] | null) {
  const client = new QueryClient();
  const user = role === null ? null : { id: 'a', name: 'A', role, raterId: 'r' };
  client.setQueryData(sessionQuery.queryKey, { user, setup: false, version: '1' });
  const router = createStudioRouter(client);
  router.update({ ...router.options, history: createMemoryHistory({ initialEntries: [address] }) });
  await router.load();
  const match = router.state.matches.at(-1);
  return match && { page: match.routeId, search: match.search };
}

it('shows a page to the roles it is for', async () => {
  expect(await shown('/people', 'lead')).toEqual({ page: '/people', search: {} });
  expect(await shown('/people', 'rater')).toBeUndefined();
  expect(await shown('/people', null)).toBeUndefined();
  expect(await shown('/login?to=%2Fpeople', null)).toEqual({ page: '/login', search: { to: '/people' } });
});

it('lets everybody explore, with the knobs where the address says', async () => {
  const search = { kl: 2.5, blind: 'truth,length', by: 'n', pairs: 50 };
  const at = await shown('/explore?kl=2.5&blind=truth%2Clength&by=n&pairs=50', null);
  expect(at).toMatchObject({ page: '/explore', search });
  expect(await shown('/explore?pairs=many', null)).toBeUndefined();
});

it('gives a page what it knows of its address', async () => {
  const page = '/projects/$project/items';
  expect(await shown('/projects/p/items?show=open', 'lead')).toEqual({ page, search: { show: 'open' } });
  const records = (search: string) => shown(`/projects/p/records?${search}`, 'auditor');
  expect(await records('rater=%2212%22')).toMatchObject({ search: { rater: '12' } });
  expect(await records('ids=%5B%22a%22%2C%2212%22%5D')).toMatchObject({ search: { ids: ['a', '12'] } });
  expect(await shown('/runs/compare?runs=one%2Ctwo', 'auditor')).toMatchObject({ search: { runs: 'one,two' } });
  // What it does not know takes them to the address without it, a number to that of the text.
  expect(await shown('/projects/p/items?show=constructor', 'lead')).toBeUndefined();
  expect(await records('rater=12')).toBeUndefined();
});
