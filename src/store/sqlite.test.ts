import { sqlitePlaces } from './places.fake.ts';
import { storeContract } from './store.contract.ts';

storeContract('a store on SQLite', sqlitePlaces);
