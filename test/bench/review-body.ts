/**
 * @module The reviews that are sent: an allowed Pod of 5.6 kB, as an API server would encode it, and one of 1 MB.
 */

const LABELS = {
  app: "api",
  "app.kubernetes.io/name": "api",
  owner: "shop-team",
  "security-domain": "app",
  "pod-template-hash": "6d4cf56db6",
};

function managedFields(): unknown[] {
  const fields: Record<string, unknown> = {};
  for (let index = 0; index < 12; index += 1) {
    fields[`f:field${index}`] = {
      ".": {},
      "f:name": {},
      [`k:{"containerPort":${8000 + index},"protocol":"TCP"}`]: { ".": {}, "f:containerPort": {} },
    };
  }
  return [
    {
      apiVersion: "v1",
      fieldsType: "FieldsV1",
      fieldsV1: { "f:metadata": { "f:labels": fields }, "f:spec": fields },
      manager: "kube-controller-manager",
      operation: "Update",
      time: "2026-11-30T12:00:00Z",
    },
  ];
}

/** @param annotations beside its own; @param spec beside its own */
export function pod(
  annotations: Readonly<Record<string, string>>,
  spec: Readonly<Record<string, unknown>> = {},
): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      annotations: { "checksum/config": "0123456789abcdef".repeat(4), ...annotations },
      creationTimestamp: null,
      generateName: "api-6d4cf56db6-",
      labels: LABELS,
      managedFields: managedFields(),
      name: "api-6d4cf56db6-x7k2p",
      namespace: "shop",
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          blockOwnerDeletion: true,
          controller: true,
          kind: "ReplicaSet",
          name: "api-6d4cf56db6",
          uid: "0f8fad5b-d9cb-469f-a165-70867728950e",
        },
      ],
    },
    spec: {
      ...spec,
      containers: [
        {
          env: Array.from({ length: 2 }, (_, index) => ({ name: `SETTING_${index}`, value: `value-${index}` })),
          image: "registry.example/shop/api:1.2.3",
          imagePullPolicy: "IfNotPresent",
          livenessProbe: {
            failureThreshold: 3,
            httpGet: { path: "/livez", port: 8080, scheme: "HTTP" },
            periodSeconds: 10,
            successThreshold: 1,
            timeoutSeconds: 1,
          },
          name: "api",
          ports: [{ containerPort: 8080, name: "http", protocol: "TCP" }],
          resources: { limits: { cpu: "1", memory: "512Mi" }, requests: { cpu: "100m", memory: "128Mi" } },
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            readOnlyRootFilesystem: true,
            runAsNonRoot: true,
          },
          terminationMessagePath: "/dev/termination-log",
          terminationMessagePolicy: "File",
          volumeMounts: [
            {
              mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
              name: "kube-api-access-8x2lq",
              readOnly: true,
            },
          ],
        },
      ],
      dnsPolicy: "ClusterFirst",
      enableServiceLinks: true,
      preemptionPolicy: "PreemptLowerPriority",
      priority: 0,
      restartPolicy: "Always",
      schedulerName: "default-scheduler",
      securityContext: {},
      serviceAccount: "api",
      serviceAccountName: "api",
      terminationGracePeriodSeconds: 30,
      tolerations: [
        { effect: "NoExecute", key: "node.kubernetes.io/not-ready", operator: "Exists", tolerationSeconds: 300 },
        { effect: "NoExecute", key: "node.kubernetes.io/unreachable", operator: "Exists", tolerationSeconds: 300 },
      ],
      volumes: [
        {
          name: "kube-api-access-8x2lq",
          projected: {
            defaultMode: 420,
            sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: "token" } }],
          },
        },
      ],
    },
    status: { phase: "Pending", qosClass: "Burstable" },
  };
}

export function review(object: object): string {
  // Go's encoder ends with a line feed.
  return `${JSON.stringify({
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    request: {
      uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
      kind: { group: "", version: "v1", kind: "Pod" },
      resource: { group: "", version: "v1", resource: "pods" },
      requestKind: { group: "", version: "v1", kind: "Pod" },
      requestResource: { group: "", version: "v1", resource: "pods" },
      name: "api-6d4cf56db6-x7k2p",
      namespace: "shop",
      operation: "CREATE",
      userInfo: {
        username: "system:serviceaccount:kube-system:replicaset-controller",
        uid: "a1b2",
        groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
      },
      object,
      oldObject: null,
      dryRun: false,
      options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" },
    },
  })}\n`;
}

const MEBIBYTE = 1024 * 1024;

export const SMALL_REVIEW = review(pod({}));
export const LARGE_REVIEW = review(pod({ padding: "x".repeat(MEBIBYTE) }));
