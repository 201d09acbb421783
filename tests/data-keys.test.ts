import { relative, resolve } from 'node:path';
import { type Node, SyntaxKind } from 'typescript/unstable/ast';
import { isBinaryExpression, isElementAccessExpression, isFunctionLikeDeclaration } from 'typescript/unstable/ast/is';
import { API, type TemplateLiteralType, type Type, TypeFlags, type UnionType } from 'typescript/unstable/sync';
import { expect, it } from 'vitest';
import { ALLOWED_IMPORTS } from './house.ts';

const ROOT = resolve(import.meta.dirname, '..');
/** Names that every object inherits. */
const INHERITED = [...Object.getOwnPropertyNames(Object.prototype), 'prototype'];

/**
 * Whether a key's type leaves room for an inherited name. A union of literals is one of a few known names, a type parameter
 * is tied to its record, and a template such as `key${number}` may spell out enough.
 */
function mayBeInherited(type: Type | undefined): boolean {
  if (type === undefined) return false;
  if ((type.flags & TypeFlags.Union) !== 0) return (type as UnionType).getTypes().some(mayBeInherited);
  if ((type.flags & TypeFlags.TemplateLiteral) !== 0) {
    const { texts } = type as TemplateLiteralType;
    const gaps = (type as TemplateLiteralType)
      .getTypes()
      .map(({ flags }) => (flags === TypeFlags.Number ? '[\\d.e+-]+' : '.*'));
    const pattern = texts.map((text, i) => text.replaceAll(/\W/g, '\\$&') + (gaps[i] ?? '')).join('');
    return INHERITED.some((name) => new RegExp(`^${pattern}$`).test(name));
  }
  return (type.flags & (TypeFlags.String | TypeFlags.Any)) !== 0;
}

/** Every place of a file where an object is asked or told by a key that is a node of the file. */
function keyed(file: Node): { place: Node; object: Node; key: Node }[] {
  const found: { place: Node; object: Node; key: Node }[] = [];
  const visit = (node: Node): undefined => {
    if (isElementAccessExpression(node))
      found.push({ place: node, object: node.expression, key: node.argumentExpression });
    else if (isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.InKeyword)
      found.push({ place: node, object: node.right, key: node.left });
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

it('no key that comes from data reaches the prototype of an object', () => {
  const api = new API({ cwd: ROOT });
  const found: string[] = [];
  let asked = 0;
  try {
    const openProjects = Object.keys(ALLOWED_IMPORTS).map((part) => `${ROOT}/src/${part}/tsconfig.json`);
    const looked = new Set<string>();
    for (const { program, checker } of api.updateSnapshot({ openProjects }).getProjects()) {
      for (const name of program.getSourceFileNames()) {
        if (!name.startsWith(`${ROOT}/src/`) || looked.has(name)) continue;
        looked.add(name);
        const file = program.getSourceFile(name)!;
        const places = keyed(file);
        const keys = checker.getTypeAtLocation(places.map(({ key }) => key));
        for (const [i, { place, object, key }] of places.entries()) {
          if (!mayBeInherited(keys[i])) continue;
          let scope: Node = place;
          while (scope.parent !== undefined && !isFunctionLikeDeclaration(scope)) scope = scope.parent;
          // Asked with `hasOwn` in the same function, of the same object and key.
          if (scope.getText(file).includes(`Object.hasOwn(${object.getText(file)}, ${key.getText(file)})`)) {
            asked += 1;
            continue;
          }
          const line = file.text.slice(0, place.end).split('\n').length;
          found.push(`${relative(ROOT, name)}:${line}: ${place.parent.getText(file).split('\n')[0]}`);
        }
      }
    }
    expect(looked.size).toBeGreaterThan(400);
    // The rule sees keys: those of `own` and `setOwn` themselves are asked first.
    expect(asked).toBeGreaterThan(2);
  } finally {
    api.close();
  }
  const cure = 'use a Map, `own(record, key)` of src/run, or ask Object.hasOwn first';
  expect(found, cure).toEqual([]);
});
