/** Models in files and from the hub, behind one door. */
export * from './pretrained.ts';
export * from './hub.ts';
