import { z } from 'zod';
import type { Access } from '../access/roles.ts';

/** `POST /api/projects/{project}/items`: method and path of a route, with parameters in braces. */
export type RouteKey = `${'GET' | 'POST' | 'PATCH' | 'DELETE'} /api/${string}`;

/**
 * What a route takes and gives, and who may call it. The table of contracts is the one list: handlers, tests of
 * access, the OpenAPI document and the typed client are all derived from it.
 */
export interface RouteContract {
  readonly allow: Access;
  readonly summary: string;
  /** Searched for in the URL's query; values arrive as text. */
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The handler is given the body unread, as a stream of bytes: what reads it does so outside of the server. */
  readonly unread?: true;
  /** What it answers is about the projects that the caller may see: a key of one project may call it too. */
  readonly perProject?: true;
  /** `fileSchema` where the answer is a file. */
  readonly response: z.ZodType;
  /** Calls a minute that one caller may make; the general limit when absent. */
  readonly perMinute?: number;
  /** Of the body at most; the general limit when absent. */
  readonly maxBytes?: number;
}

/** A file for download, streamed; its type and name are in the headers. */
export const fileSchema = z.custom<Blob>((value) => value instanceof Blob);

type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;
/** Path parameters of a route, each a text. */
export type ParamsOf<K extends string> = { readonly [P in ParamNames<K>]: string };

type Inferred<T> = T extends z.ZodType ? z.output<T> : undefined;
type Given<T> = T extends z.ZodType ? z.input<T> : undefined;
/** What a handler receives. */
export interface Received<K extends string, C extends RouteContract> {
  readonly params: ParamsOf<K>;
  readonly query: Inferred<C['query']>;
  readonly body: C extends { readonly unread: true } ? ReadableStream<Uint8Array> : Inferred<C['body']>;
}
/** What a caller sends: only the parts that the route has. */
export type Sent<K extends string, C extends RouteContract> = ([ParamNames<K>] extends [never]
  ? unknown
  : { readonly params: ParamsOf<K> }) &
  (C extends { query: z.ZodObject } ? { readonly query?: Given<C['query']> } : unknown) &
  (C extends { body: z.ZodType } ? { readonly body: Given<C['body']> } : unknown);
export type Answered<C extends RouteContract> = z.output<C['response']>;
