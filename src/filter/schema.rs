//! The syntax of attributes of users, computers, groups, contacts and containers in the schema of Active Directory
//! ([MS-ADA1] to [MS-ADA3], and common ones of Exchange and LAPS).
//!
//! Attributes that are not listed are text, as most are.

/// How values of an attribute are compared ([MS-ADTS] 3.1.1.2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Unicode and teletex strings, and names of classes: case is ignored.
    Text,
    /// IA5, printable and numeric strings: case matters.
    Exact,
    /// 32 bits, signed.
    Integer,
    /// 64 bits, signed, including FILETIMEs.
    LargeInteger,
    Boolean,
    Time,
    Dn,
    /// objectCategory: a DN with a short form.
    Category,
    Guid,
    Sid,
    Octets,
    /// DN-with-binary, security descriptors, replication data: only presence can be tested.
    Opaque,
}

/// The syntax of an attribute, ignoring case.
pub(super) fn syntax(attribute: &str) -> Syntax {
    let listed = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(attribute));
    let found = TABLE.iter().find(|(_, names)| listed(names));
    found.map_or(Syntax::Text, |(syntax, _)| *syntax)
}

static TABLE: &[(Syntax, &[&str])] = &[
    (Syntax::Category, &["objectCategory"]),
    (Syntax::Guid, GUIDS),
    (Syntax::Sid, SIDS),
    (Syntax::Integer, INTEGERS),
    (Syntax::LargeInteger, LARGE_INTEGERS),
    (Syntax::Dn, DNS),
    (Syntax::Time, TIMES),
    (Syntax::Boolean, BOOLEANS),
    (Syntax::Exact, EXACT),
    (Syntax::Octets, OCTETS),
    (Syntax::Opaque, OPAQUE),
];

#[rustfmt::skip]
const GUIDS: &[&str] = &[
    "mS-DS-ConsistencyGuid", "msDS-AzObjectGuid", "msExchArchiveGUID", "msExchMailboxGuid", "netbootGUID",
    "objectGUID", "siteGUID",
];

#[rustfmt::skip]
const SIDS: &[&str] = &[
    "mS-DS-CreatorSID", "objectSid", "securityIdentifier", "sIDHistory", "tokenGroups",
    "tokenGroupsGlobalAndUniversal", "tokenGroupsNoGCAcceptable",
];

#[rustfmt::skip]
const INTEGERS: &[&str] = &[
    "adminCount", "badPwdCount", "codePage", "countryCode", "flags", "garbageCollPeriod", "gidNumber", "gPOptions",
    "groupAttributes", "groupType", "instanceType", "localeID", "localPolicyFlags", "lockoutThreshold",
    "logonCount", "machineRole", "minPwdLength", "mS-DS-ConsistencyChildCount", "ms-DS-MachineAccountQuota",
    "msDS-AllUsersTrustQuota", "msDS-Approx-Immed-Subordinates", "msDS-Behavior-Version",
    "msDS-FailedInteractiveLogonCount", "msDS-FailedInteractiveLogonCountAtLastSuccessfulLogon",
    "msDS-HABSeniorityIndex", "msDS-IsUserCachableAtRodc", "msDS-KeyVersionNumber", "msDS-LogonTimeSyncInterval",
    "msDS-ManagedPasswordInterval", "msDS-NcType", "msDS-PerUserTrustQuota", "msDS-PerUserTrustTombstonesQuota",
    "msDS-Replication-Notify-First-DSA-Delay", "msDS-Replication-Notify-Subsequent-DSA-Delay",
    "msDS-SecondaryKrbTgtNumber", "msDS-SupportedEncryptionTypes", "msDS-User-Account-Control-Computed",
    "msExchRecipientDisplayType", "msExchUserAccountControl", "msRADIUSFramedIPAddress", "msRADIUSServiceType",
    "msRASSavedFramedIPAddress", "msTSEndpointType", "msTSMaxConnectionTime", "msTSMaxDisconnectionTime",
    "msTSMaxIdleTime", "msTSRemoteControl", "nextRid", "nTMixedDomain", "objectVersion", "operatorCount",
    "policyReplicationFlags", "preferredDeliveryMethod", "primaryGroupID", "primaryGroupToken", "pwdHistoryLength",
    "pwdProperties", "revision", "rid", "sAMAccountType", "schemaVersion", "sDRightsEffective", "serverRole",
    "serverState", "shadowExpire", "shadowFlag", "shadowInactive", "shadowLastChange", "shadowMax", "shadowMin",
    "shadowWarning", "systemFlags", "uASCompat", "uidNumber", "userAccountControl", "USNIntersite", "volumeCount",
];

#[rustfmt::skip]
const LARGE_INTEGERS: &[&str] = &[
    "accountExpires", "badPasswordTime", "builtinCreationTime", "builtinModifiedCount", "creationTime",
    "forceLogoff", "lastLogoff", "lastLogon", "lastLogonTimestamp", "lockoutDuration", "lockOutObservationWindow",
    "lockoutTime", "lSACreationTime", "lSAModifiedCount", "maxPwdAge", "maxStorage", "minPwdAge", "modifiedCount",
    "modifiedCountAtLastProm", "ms-Mcs-AdmPwdExpirationTime", "msDS-Cached-Membership-Time-Stamp",
    "msDS-GeoCoordinatesAltitude", "msDS-GeoCoordinatesLatitude", "msDS-GeoCoordinatesLongitude",
    "msDS-LastFailedInteractiveLogonTime", "msDS-LastSuccessfulInteractiveLogonTime",
    "msDS-UserPasswordExpiryTimeComputed", "msDS-USNLastSyncSuccess", "msExchRecipientTypeDetails",
    "msExchRemoteRecipientType", "msExchVersion", "msLAPS-PasswordExpirationTime", "pekKeyChangeInterval",
    "pwdLastSet", "uSNChanged", "uSNCreated", "uSNDSALastObjRemoved", "uSNLastObjRem", "uSNSource",
];

#[rustfmt::skip]
const DNS: &[&str] = &[
    "altRecipient", "assistant", "authOrig", "bridgeheadServerListBL", "defaultClassStore", "defaultGroup",
    "defaultLocalPolicyObject", "directReports", "distinguishedName", "dLMemRejectPerms", "dLMemSubmitPerms",
    "domainPolicyObject", "dynamicLDAPServer", "frsComputerReferenceBL", "fRSMemberReferenceBL", "fSMORoleOwner",
    "homeMDB", "homeMTA", "isPrivilegeHolder", "lastKnownParent", "managedBy", "managedObjects", "manager",
    "masteredBy", "member", "memberOf", "msCOM-PartitionSetLink", "msCOM-UserLink", "msCOM-UserPartitionSetLink",
    "msDFSR-ComputerReferenceBL", "msDFSR-MemberReferenceBL", "msDS-AssignedAuthNPolicy",
    "msDS-AssignedAuthNPolicySilo", "msDS-AuthenticatedAtDC", "msDS-AuthenticatedToAccountlist",
    "msDS-AuthNPolicySiloMembersBL", "msDS-ClaimSharesPossibleValuesWithBL", "msDS-EnabledFeature",
    "msDS-EnabledFeatureBL", "msDS-HostServiceAccount", "msDS-HostServiceAccountBL", "msDS-IsDomainFor",
    "msDS-IsFullReplicaFor", "msDS-IsPartialReplicaFor", "msDS-IsPrimaryComputerFor", "msDS-KrbTgtLink",
    "msDS-KrbTgtLinkBl", "msDs-masteredBy", "msds-memberOfTransitive", "msDS-MembersForAzRoleBL",
    "msDS-MembersOfResourcePropertyListBL", "msds-memberTransitive", "msDS-NC-Replica-Locations",
    "msDS-NC-RO-Replica-Locations", "msDS-NC-RO-Replica-Locations-BL", "msDS-NeverRevealGroup", "msDS-NonMembers",
    "msDS-NonMembersBL", "msDS-ObjectReference", "msDS-ObjectReferenceBL", "msDS-OIDToGroupLinkBl",
    "msDS-OperationsForAzRoleBL", "msDS-OperationsForAzTaskBL", "msDS-parentdistname", "msDS-PrimaryComputer",
    "msDS-PSOApplied", "msDS-ResultantPSO", "msDS-RevealedDSAs", "msDS-RevealedListBL", "msDS-RevealOnDemandGroup",
    "msDS-SDReferenceDomain", "msDS-TasksForAzRoleBL", "msDS-TasksForAzTaskBL", "msDS-TDOEgressBL",
    "msDS-TDOIngressBL", "msDS-ValueTypeReferenceBL", "msSFU30PosixMember", "msSFU30PosixMemberOf",
    "msTPM-TpmInformationForComputer", "msTSPrimaryDesktop", "msTSPrimaryDesktopBL", "msTSSecondaryDesktopBL",
    "msTSSecondaryDesktops", "nCName", "netbootSCPBL", "nonSecurityMember", "nonSecurityMemberBL", "owner",
    "ownerBL", "physicalLocationObject", "preferredOU", "publicDelegates", "queryPolicyBL", "rIDManagerReference",
    "rIDSetReferences", "roleOccupant", "rootTrust", "secretary", "seeAlso", "serverReferenceBL",
    "showInAddressBook", "siteObjectBL", "subRefs", "subSchemaSubEntry", "trustParent", "unauthOrig",
];

#[rustfmt::skip]
const TIMES: &[&str] = &[
    "createTimeStamp", "dSCorePropagationData", "modifyTimeStamp", "msDS-LocalEffectiveDeletionTime",
    "msDS-LocalEffectiveRecycleTime", "msExchWhenMailboxCreated", "msTSExpireDate", "msTSExpireDate2",
    "msTSExpireDate3", "msTSExpireDate4", "whenChanged", "whenCreated",
];

#[rustfmt::skip]
const BOOLEANS: &[&str] = &[
    "deliverAndRedirect", "Enabled", "fromEntry", "isCriticalSystemObject", "isDeleted", "isRecycled",
    "mDBUseDefaults", "msDS-isGC", "msDS-isRODC", "msExchHideFromAddressLists", "msNPAllowDialin", "msTSAllowLogon",
    "msTSBrokenConnectionAction", "msTSConnectClientDrives", "msTSConnectPrinterDrives", "msTSDefaultToMainPrinter",
    "msTSReconnectionAction", "showInAdvancedViewOnly",
];

#[rustfmt::skip]
const EXACT: &[&str] = &[
    "destinationIndicator", "displayNamePrintable", "gecos", "internationalISDNNumber", "ipHostNumber",
    "loginShell", "memberUid", "msNPCallingStationID", "msNPSavedCallingStationID", "msRADIUS-FramedInterfaceId",
    "msRADIUS-FramedIpv6Prefix", "msRADIUS-FramedIpv6Route", "msRADIUS-SavedFramedInterfaceId",
    "msRADIUS-SavedFramedIpv6Prefix", "msRADIUS-SavedFramedIpv6Route", "msRADIUSCallbackNumber",
    "msRADIUSFramedRoute", "msRASSavedCallbackNumber", "msRASSavedFramedRoute", "msSFU30Aliases", "msSFU30Name",
    "msSFU30NisDomain", "nisMapName", "serialNumber", "unixHomeDirectory", "x121Address",
];

#[rustfmt::skip]
const OCTETS: &[&str] = &[
    "attributeCertificateAttribute", "audio", "auditingPolicy", "cACertificate", "controlAccessRights", "dBCSPwd",
    "dSASignature", "eFSPolicy", "foreignIdentifier", "groupMembershipSAM", "jpegPhoto", "lmPwdHistory",
    "logonHours", "logonWorkstation", "msDRM-IdentityCertificate", "msDS-Cached-Membership",
    "msDS-ExecuteScriptPassword", "msDS-GenerationId", "msDS-ManagedPassword", "msDS-ManagedPasswordId",
    "msDS-ManagedPasswordPreviousId", "msDS-Site-Affinity", "msImaging-ThumbprintHash", "mSMQDigests",
    "mSMQDigestsMig", "mSMQSignCertificates", "mSMQSignCertificatesMig", "msPKIRoamingTimeStamp", "netbootDUID",
    "nTGroupMembers", "ntPwdHistory", "partialAttributeDeletionList", "partialAttributeSet", "pekList", "photo",
    "privateKey", "registeredAddress", "replPropertyMetaData", "replUpToDateVector", "searchGuide",
    "supplementalCredentials", "teletexTerminalIdentifier", "telexNumber", "terminalServer", "thumbnailLogo",
    "thumbnailPhoto", "unicodePwd", "unixUserPassword", "userCert", "userCertificate", "userPassword", "userPKCS12",
    "userSMIMECertificate", "x500uniqueIdentifier",
];

#[rustfmt::skip]
const OPAQUE: &[&str] = &[
    "msDS-AllowedToActOnBehalfOfOtherIdentity", "msDS-GroupMSAMembership", "msDS-RevealedList",
    "msDS-RevealedUsers", "msPKI-CredentialRoamingTokens", "msPKIAccountCredentials", "msPKIDPAPIMasterKeys",
    "nTSecurityDescriptor", "otherWellKnownObjects", "proxiedObjectName", "repsFrom", "repsTo", "wellKnownObjects",
];
