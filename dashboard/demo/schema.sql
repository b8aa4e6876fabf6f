-- The tables that the clinic's application writes and we only read, in SQL that PostgreSQL and SQLite both take.
-- Used by the demo clinic and the tests. In SQLite an instant is text as Django writes it: '2026-11-24 08:32:00.000000', in UTC.
CREATE TABLE users (
    id varchar(20) PRIMARY KEY, phone varchar(17) NOT NULL UNIQUE, email varchar(254), name varchar(100) NOT NULL,
    role varchar(20) NOT NULL, is_active boolean NOT NULL
);
CREATE TABLE clinics (
    id varchar(20) PRIMARY KEY, name varchar(200) NOT NULL, admin_id varchar(20) NOT NULL UNIQUE REFERENCES users (id),
    is_active boolean NOT NULL
);
CREATE TABLE consultations (
    id varchar(20) PRIMARY KEY, patient_id varchar(20) NOT NULL REFERENCES users (id),
    doctor_id varchar(20) NOT NULL REFERENCES users (id), clinic_id varchar(20) REFERENCES clinics (id),
    scheduled_date date NOT NULL, status varchar(25) NOT NULL
);
CREATE TABLE prescriptions (
    id bigint PRIMARY KEY, consultation_id varchar(20) REFERENCES consultations (id),
    doctor_id varchar(20) NOT NULL REFERENCES users (id), patient_id varchar(20) NOT NULL REFERENCES users (id),
    issued_date date NOT NULL, primary_diagnosis text NOT NULL, is_draft boolean NOT NULL, is_finalized boolean NOT NULL,
    created_at timestamp with time zone NOT NULL, updated_at timestamp with time zone NOT NULL,
    UNIQUE (consultation_id, doctor_id, patient_id)
);
CREATE TABLE prescription_pdfs (
    id bigint PRIMARY KEY, prescription_id bigint NOT NULL REFERENCES prescriptions (id), pdf_file varchar(100) NOT NULL,
    version_number integer NOT NULL CHECK (version_number >= 0), is_current boolean NOT NULL,
    generated_by_id varchar(20) NOT NULL REFERENCES users (id), generated_at timestamp with time zone NOT NULL,
    is_mobile_generated boolean NOT NULL, file_size integer CHECK (file_size >= 0), checksum varchar(64) NOT NULL,
    UNIQUE (prescription_id, version_number)
);
CREATE INDEX prescription_pdfs_prescription ON prescription_pdfs (prescription_id);
CREATE INDEX prescriptions_patient ON prescriptions (patient_id);
CREATE INDEX consultations_patient ON consultations (patient_id);
