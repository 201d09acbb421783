/**
 * Closes the object that all others inherit from, for the whole thread: whatever a library does with keys that come from
 * data, nothing gets into every object. A plain freeze would do two things too many. It forbids an object a `toString` or
 * `constructor` of its own by assignment, which libraries (d3-color, fast-check) count on: so each property becomes an
 * accessor whose setter gives the property to the object that it was set on. And `Object.freeze` itself makes V8 give up its
 * fast paths for the elements of all arrays (writing typed arrays took 6 times as long): the same state is reached without.
 */
export function closeObjectPrototype(): void {
  if (Object.isFrozen(Object.prototype)) return;
  for (const [name, { value, writable }] of Object.entries(Object.getOwnPropertyDescriptors(Object.prototype))) {
    const accessors = {
      get: () => value as unknown,
      set(this: object, own: unknown) {
        if (this === Object.prototype) throw new TypeError(`expected an object of one's own to set ${name} on`);
        Object.defineProperty(this, name, { value: own, writable: true, enumerable: true, configurable: true });
      },
    };
    Object.defineProperty(Object.prototype, name, { ...(writable === true && accessors), configurable: false });
  }
  Object.preventExtensions(Object.prototype);
}
