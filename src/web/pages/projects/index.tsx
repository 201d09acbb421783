import type { ReactNode } from 'react';

export function ProjectList(): ReactNode {
  return null;
}
export function NewProject(): ReactNode {
  return null;
}
export function Overview(): ReactNode {
  return null;
}
export function Items(): ReactNode {
  return null;
}
export function ItemPage(): ReactNode {
  return null;
}
export function Adjudicate(): ReactNode {
  return null;
}
export function Raters(): ReactNode {
  return null;
}
export function Quality(): ReactNode {
  return null;
}
export function Records(): ReactNode {
  return null;
}
export function Settings(): ReactNode {
  return null;
}
